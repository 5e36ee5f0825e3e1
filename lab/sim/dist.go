package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Dist is a distribution of positive numbers.
type Dist struct {
	Kind    string // fixed, uniform, exp, pareto or hyper
	A, B, C float64
	Max     float64 // what is drawn is not more; 0: no limit
}

// arity is how many numbers each kind of distribution has, and what they are.
var arity = map[string]string{
	"fixed":   "VALUE",
	"uniform": "FROM TO",
	"exp":     "MEAN",
	"pareto":  "ALPHA LEAST",
	"hyper":   "SHARE MEAN MEAN",
}

func fixed(v float64) Dist { return Dist{Kind: "fixed", A: v} }

func (d Dist) check() error {
	for _, v := range []float64{d.A, d.B, d.C, d.Max} {
		if math.IsNaN(v) || v < 0 || v > 1e18 {
			return fmt.Errorf("%v is not in 0…1e18", v)
		}
	}
	switch {
	case d.Kind == "uniform" && d.B < d.A:
		return fmt.Errorf("uniform: %v is more than %v", d.A, d.B)
	case d.Kind == "pareto" && (d.A <= 0 || d.B <= 0):
		return fmt.Errorf("pareto: both numbers must be more than 0")
	case d.Kind == "pareto" && d.A <= 1 && d.Max == 0:
		return fmt.Errorf("pareto with alpha %v has no mean: say max", d.A)
	case d.Kind == "hyper" && d.A > 1:
		return fmt.Errorf("hyper: %v is no share", d.A)
	}
	return nil
}

// draw gives a number of the distribution.
func (d Dist) draw(r *rand.Rand) float64 {
	v := 0.0
	switch d.Kind {
	case "fixed":
		v = d.A
	case "uniform":
		v = d.A + (d.B-d.A)*r.Float64()
	case "exp":
		v = d.A * r.ExpFloat64()
	case "pareto":
		v = d.B * math.Pow(1-r.Float64(), -1/d.A)
	case "hyper":
		if r.Float64() < d.A {
			v = d.B * r.ExpFloat64()
		} else {
			v = d.C * r.ExpFloat64()
		}
	}
	if d.Max > 0 {
		v = min(v, d.Max)
	}
	return min(v, 1e18)
}
