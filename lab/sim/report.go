package sim

import (
	"math"
	"slices"
)

// Report is the results of a scenario.
type Report struct {
	Title    string   `json:"title"`
	Seed     uint64   `json:"seed"`
	Runs     int      `json:"runs"`
	Nodes    int      `json:"nodes"`
	Interval float64  `json:"interval"` // between two turns of a node, in seconds
	Policies []Result `json:"policies"`
}

// Result is what came of a policy, over all runs. Times are in seconds.
type Result struct {
	Policy string `json:"policy"`
	// Slowdown is the mean over runs of the mean over jobs; Error its standard
	// error; Ratio to the first policy's, the mean of the runs' ratios not being
	// what is published.
	Slowdown float64 `json:"slowdown"`
	Error    float64 `json:"slowdown_error"`
	Ratio    float64 `json:"ratio"`
	Median   float64 `json:"slowdown_median"` // over all jobs
	P95      float64 `json:"slowdown_p95"`
	Response float64 `json:"response"`
	Makespan float64 `json:"makespan"` // mean over runs

	Started    int `json:"jobs"`
	Finished   int `json:"finished"`
	Lost       int `json:"lost"`
	Unfinished int `json:"unfinished"`

	Placed  int `json:"placed"`  // started on another node than their own
	Moves   int `json:"moves"`   // of running jobs
	Wasted  int `json:"wasted"`  // of moves: the job ended on its way, or went back at once
	Refused int `json:"refused"` // by the other node

	MovedBytes  float64 `json:"moved_bytes"`
	Utilisation float64 `json:"utilisation"`
	Thrashing   float64 `json:"thrashing"` // share of all nodes' time
	Told        float64 `json:"information_bytes_per_node_second"`
	Age50       float64 `json:"information_age_median"`
	Age99       float64 `json:"information_age_p99"`

	// Spread is how long after its first start of jobs a cluster took until no node
	// had more threads than CPUs for the first time; the mean over runs in which
	// it happened.
	Spread float64 `json:"spread"`

	// Quantiles of the slowdowns of all jobs, from 0 to 1 in hundredths.
	Quantiles []float64 `json:"slowdown_quantiles"`
	// Waiting is how many threads had no CPU of their own, after each interval
	// from the start on; the mean over runs, of the first intervals.
	Waiting []float64 `json:"waiting"`
}

func report(s *Scenario, tallies [][]tally) *Report {
	r := &Report{Title: s.Title, Seed: s.Seed, Runs: s.Runs, Nodes: s.nodes(), Interval: s.Interval.Seconds()}
	for i, name := range s.Policies {
		r.Policies = append(r.Policies, result(name, tallies[i], s.nodes()))
	}
	for i := range r.Policies {
		r.Policies[i].Ratio = share(r.Policies[i].Slowdown, r.Policies[0].Slowdown)
	}
	return r
}

func result(name string, tallies []tally, nodes int) Result {
	r := Result{Policy: name}
	var jobs, ages, runs, spreads []float64
	var response, busy, able, thrashing, nodeSeconds float64
	for i := range tallies {
		t := &tallies[i]
		r.Started += t.started
		r.Finished += t.finished
		r.Lost += t.lost
		r.Unfinished += t.unfinished
		r.Placed += t.placed
		r.Moves += t.moves
		r.Wasted += t.wasted
		r.Refused += t.refused
		r.MovedBytes += t.bytes
		r.Makespan += t.makespan / float64(len(tallies))
		r.Told += t.told
		response += t.response
		busy += t.busy
		able += t.able
		thrashing += t.thrashing
		nodeSeconds += t.elapsed * float64(nodes)
		jobs = append(jobs, t.slowdowns...)
		ages = append(ages, t.ages...)
		if t.finished > 0 {
			runs = append(runs, t.slowdown/float64(t.finished))
		}
		if t.spread > 0 {
			spreads = append(spreads, t.spread)
		}
		for k, n := range t.waiting {
			if k == len(r.Waiting) {
				r.Waiting = append(r.Waiting, 0)
			}
			r.Waiting[k] += float64(n) / float64(len(tallies))
		}
	}
	r.Slowdown, r.Error = mean(runs)
	r.Spread, _ = mean(spreads)
	slices.Sort(jobs)
	slices.Sort(ages)
	for i := range 101 {
		r.Quantiles = append(r.Quantiles, quantile(jobs, float64(i)/100))
	}
	r.Median, r.P95 = quantile(jobs, 0.5), quantile(jobs, 0.95)
	r.Age50, r.Age99 = quantile(ages, 0.5), quantile(ages, 0.99)
	r.Response = share(response, float64(r.Finished))
	r.Utilisation, r.Thrashing, r.Told = share(busy, able), share(thrashing, nodeSeconds), share(r.Told, nodeSeconds)
	return r
}

// mean and its standard error.
func mean(values []float64) (m, e float64) {
	if len(values) == 0 {
		return 0, 0
	}
	n := float64(len(values))
	for _, v := range values {
		m += v / n
	}
	for _, v := range values {
		e += (v - m) * (v - m)
	}
	if n > 1 {
		e = math.Sqrt(e / (n - 1) / n)
	}
	return m, e
}

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func share(of, all float64) float64 {
	if all == 0 {
		return 0
	}
	return of / all
}
