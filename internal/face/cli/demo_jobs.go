package cli

// job is a real program with much to compute and one right result.
type job struct {
	name    string
	about   string
	prepare string   // shell command run before, "" for none
	argv    []string // the process that gets moved
	check   string   // shell command whose output is the result; "": the job's own output
	want    string
}

// The results are facts, found again by other means in demo_test.go.
var demoJobs = []job{
	{
		name: "python3", about: "60 000 digits of pi; the last twenty",
		argv: []string{"python3", "-c", `
def arctan(x, one):
    term = total = one // x
    n, sign = 3, -1
    while term:
        term //= x * x
        total += sign * (term // n)
        n, sign = n + 2, -sign
    return total
one = 10 ** 60020
print(str((16 * arctan(5, one) - 4 * arctan(239, one)) // 10 ** 20 % 10 ** 20).zfill(20))`},
		want: "19666624903585778994",
	},
	{
		name: "perl", about: "the longest Collatz sequence from below 200 000",
		argv: []string{"perl", "-e", `
my ($best, $from) = (0, 0);
for my $n (1 .. 199999) {
    my ($x, $len) = ($n, 1);
    while ($x != 1) { $x = $x & 1 ? 3 * $x + 1 : $x >> 1; $len++ }
    ($best, $from) = ($len, $n) if $len > $best;
}
print "$from $best\n";`},
		want: "156159 383",
	},
	{
		name: "awk", about: "30 million steps of the Park-Miller generator",
		argv: []string{"awk", `BEGIN { x = 1; for (i = 0; i < 30000000; i++) x = (x * 16807) % 2147483647; printf "%d\n", x }`},
		want: "1082809519",
	},
	{
		name: "xz", about: "8 MB compressed; unpacked again it must be the same",
		prepare: `awk 'BEGIN { x = 1; for (i = 0; i < 1400000; i++) { x = (x * 16807) % 2147483647;
			printf "%s%s", substr("the quick brown fox jumps over a lazy dog and then sleeps until the morning comes again", x % 80 + 1, x % 7 + 2), (x % 11) ? " " : "\n" } }' >/tmp/text`,
		argv:  []string{"sh", "-c", "exec xz -6 -T1 -c /tmp/text >/tmp/text.xz"},
		check: "xz -dc /tmp/text.xz | cmp - /tmp/text && echo identical",
		want:  "identical",
	},
	{
		name: "python3", about: "4 million SHA-256 sums, each of the one before",
		argv: []string{"python3", "-c", `
import hashlib
h = b"openMosix"
for _ in range(4000000): h = hashlib.sha256(h).digest()
print(h.hex())`},
		want: "78be24820fde95cd09609aa7441333d99ee97a3685a370772228a90b88c66eee",
	},
}
