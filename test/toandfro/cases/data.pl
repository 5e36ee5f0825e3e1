# Writes so many MB of data that neither is all random nor compresses to nothing.
binmode STDOUT;
my ($x, $mb) = (1, $ARGV[0]);
my @words = map { $x = ($x * 1103515245 + 12345) & 0x7fffffff; "word" . $x % 100000 } 1 .. 2000;
for my $m (1 .. $mb) {
    my $s = "";
    while (length $s < 1 << 20) { $x = ($x * 1103515245 + 12345) & 0x7fffffff; $s .= $words[ $x >> 16 & 1023 ] . chr($x >> 8 & 255) }
    print substr $s, 0, 1 << 20;
}
