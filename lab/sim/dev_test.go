package sim

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestDev(t *testing.T) {
	f, _ := os.Open(os.Getenv("SCN"))
	s, err := Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	t0 := time.Now()
	r, _ := Compute(context.Background(), s)
	for _, p := range r.Policies {
		fmt.Printf("%-20s sd %7.3f ±%.3f ratio %.3f med %.2f p95 %.1f resp %.1f makespan %.0f jobs %d fin %d lost %d moves %d placed %d wasted %d refused %d util %.2f thr %.4f told %.0f ages %.1f %.1f\n", p.Policy, p.Slowdown, p.Error, p.Ratio, p.Median, p.P95, p.Response, p.Makespan, p.Started, p.Finished, p.Lost, p.Moves, p.Placed, p.Wasted, p.Refused, p.Utilisation, p.Thrashing, p.Told, p.Age50, p.Age99)
	}
	fmt.Println(time.Since(t0))
}
