package mem

// maxVector is the kernel's UIO_MAXIOV: more spans go in several calls.
const maxVector = 1024

// ReadV fills all spans. Spans are read in order and as few calls as possible.
func (s *Space) ReadV(spans []Span) error { return s.vector(spans, vmReadV, s.Read) }

// WriteV stores all spans.
func (s *Space) WriteV(spans []Span) error { return s.vector(spans, vmWriteV, s.Write) }

// vector copies spans by batches. The kernel stops a batch at the first byte
// it cannot copy; that span is finished by single, the rest is a new batch.
func (s *Space) vector(spans []Span, batch func(int, []Span) int, single func(uint64, []byte) error) error {
	for len(spans) > 0 {
		part := spans[:min(len(spans), maxVector)]
		done := batch(int(s.task.Load()), part)
		whole := 0
		for whole < len(part) && len(part[whole].Bytes) <= done {
			done -= len(part[whole].Bytes)
			whole++
		}
		if whole < len(part) {
			stuck := part[whole]
			if err := single(stuck.Addr+uint64(done), stuck.Bytes[done:]); err != nil {
				return err
			}
			whole++
		}
		spans = spans[whole:]
	}
	return nil
}
