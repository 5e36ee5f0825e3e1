# Perl: hashes, sorting, formats, regular expressions, forks, pipes, sockets, signals.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use IO::Socket::INET;
$| = 1;
my ($beats, $x, %count) = (0, 12345);
$SIG{ALRM} = sub { $beats++; alarm 1 };
alarm 1;
sub next_random { $x = ($x * 1103515245 + 12345) & 0x7fffffff; return $x }
for my $round (1 .. 24) {
    for (1 .. 60000) { $count{ "w" . next_random() % 5000 }++ }
    my @order = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
    print "$round @order[0..4] ", sha256_hex(join ",", map { "$_=$count{$_}" } @order), "\n";
    open my $pipe, "-|", "echo round $round | tr a-z A-Z" or die;
    print "child says ", <$pipe>;
    close $pipe;
    my $pid = fork;
    if (!$pid) { exit $round }
    waitpid $pid, 0;
    print "exit ", $? >> 8, "\n";
}
my $text = join " ", map { "word$_" } 1 .. 20000;
my $n = () = $text =~ /(\w*7\w*)\s/g;
(my $other = $text) =~ s/word(\d+)/$1 % 3 ? "w$1" : "three"/ge;
print "$n ", sha256_hex($other), "\n";
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
my $pid = fork;
if (!$pid) {
    my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $server->sockport) or die;
    print $c "line $_\n" for 1 .. 2000;
    exit 0;
}
my ($client, $lines) = (scalar $server->accept, 0);
while (<$client>) { $lines++ }
waitpid $pid, 0;
print "lines $lines\n";
open my $out, ">", "report.txt" or die;
printf $out "%-10s %8d\n", $_, $count{$_} for sort keys %count;
close $out;
local $SIG{USR1} = sub { print "usr1\n" };
kill USR1 => $$;
print STDERR "to standard error\n";
alarm 0; # perl gives signals their default actions back before it ends
exit 9;
