package cli

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"testing"
)

// The demo's verdict is worth what its expected results are: each is found
// here a second time, by another program.
func TestDemoResults(t *testing.T) {
	for i, again := range []func() string{
		func() string {
			one := new(big.Int).Exp(big.NewInt(10), big.NewInt(60020), nil)
			pi := new(big.Int).Sub(
				new(big.Int).Mul(big.NewInt(16), arctan(5, one)),
				new(big.Int).Mul(big.NewInt(4), arctan(239, one)))
			unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(20), nil)
			pi.Div(pi, unit)
			return fmt.Sprintf("%020d", pi.Mod(pi, unit))
		},
		func() string {
			best, from := 0, 0
			for n := 1; n < 200_000; n++ {
				length := 1
				for x := n; x != 1; length++ {
					if x%2 == 1 {
						x = 3*x + 1
					} else {
						x /= 2
					}
				}
				if length > best {
					best, from = length, n
				}
			}
			return fmt.Sprint(from, best)
		},
		func() string {
			return new(big.Int).Exp(big.NewInt(16807), big.NewInt(30_000_000), big.NewInt(1<<31-1)).String()
		},
		func() string { return "identical" },
		func() string {
			h := []byte("openMosix")
			for range 4_000_000 {
				sum := sha256.Sum256(h)
				h = sum[:]
			}
			return fmt.Sprintf("%x", h)
		},
	} {
		if got := again(); got != demoJobs[i].want {
			t.Errorf("%s: %q, the table says %q", demoJobs[i].about, got, demoJobs[i].want)
		}
	}
}

// arctan is arctan(1/x) * one by the series.
func arctan(x int64, one *big.Int) *big.Int {
	square := big.NewInt(x * x)
	term := new(big.Int).Div(one, big.NewInt(x))
	total := new(big.Int).Set(term)
	part := new(big.Int)
	for n, minus := int64(3), true; term.Sign() != 0; n, minus = n+2, !minus {
		term.Div(term, square)
		part.Div(term, big.NewInt(n))
		if minus {
			total.Sub(total, part)
		} else {
			total.Add(total, part)
		}
	}
	return total
}
