package uffd

import (
	"encoding/hex"
	"testing"
)

func TestRequests(t *testing.T) {
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"api":      {APIRequest(TrackWrites), "aa0000000000000000a00000000000000000000000000000"},
		"register": {RegisterRequest(0x1000, 0x2000, ModeWP), "0010000000000000002000000000000002000000000000000000000000000000"},
		"range":    {RangeRequest(0x1000, 0x2000), "00100000000000000020000000000000"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	// The size in each ioctl number is that of its request.
	for number, request := range map[int][]byte{
		IoctlAPI: APIRequest(0), IoctlRegister: RegisterRequest(0, 0, 0), IoctlUnregister: RangeRequest(0, 0),
		IoctlWake: RangeRequest(0, 0), IoctlCopy: CopyRequest(0, 0, 0, 0), IoctlZeroPage: ZeroPageRequest(0, 0, 0),
		IoctlWriteProtect: WriteProtectRequest(0, 0, 0),
	} {
		if size := number >> 16 & 0x3fff; size != len(request) {
			t.Errorf("%#x says %d bytes, request has %d", number, size, len(request))
		}
	}
	if Granted(APIRequest(WPAsync)) != WPAsync || Granted(nil) != 0 {
		t.Error("Granted")
	}
}
