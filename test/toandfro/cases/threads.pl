# perl: threads that share a queue and a hash, a child that is read from, an alarm.
use strict;
use warnings;
use threads;
use threads::shared;
use Thread::Queue;
use Digest::SHA qw(sha256_hex);

my $queue = Thread::Queue->new;
my %result : shared;
sub work {
	while (defined(my $item = $queue->dequeue)) {
		my $hash = $item;
		$hash = sha256_hex($hash) for 1 .. 4000;
		lock(%result);
		$result{$item} = $hash;
	}
}
my @all = map { threads->create(\&work) } 1 .. 4;
$queue->enqueue("item$_") for 1 .. 120;
$queue->end;
$_->join for @all;
print "$_ $result{$_}\n" for sort keys %result;

my $pid = open(my $pipe, "-|") // die $!;
if (!$pid) {
	print sha256_hex($_), "\n" for 1 .. 2000;
	exit 3;
}
my $lines = 0;
$lines++ while <$pipe>;
close $pipe;
print "$lines lines, status ", $? >> 8, "\n";

$SIG{ALRM} = sub { die "alarm\n" };
alarm 1;
eval { 1 while 1 };
print $@;
