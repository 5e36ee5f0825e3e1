# Writes so many MB of data that neither is all random nor compresses to nothing.
binmode STDOUT;
my ($x, $mb) = (1, $ARGV[0]);
sub next_random { $x ^= $x << 13 & 0xffffffff; $x ^= $x >> 17; $x ^= $x << 5 & 0xffffffff; return $x }
my @words = map { pack "A" . (3 + next_random() % 9), join "", map { chr 97 + next_random() % 26 } 1 .. 11 } 1 .. 4096;
for my $m (1 .. $mb) {
    my $s = "";
    while (length $s < 1 << 20) { next_random(); $s .= $words[ $x & 4095 ] . chr($x >> 12 & 255) . $words[ $x >> 20 ] }
    print substr $s, 0, 1 << 20;
}
