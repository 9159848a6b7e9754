package reach_test

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"castellan/internal/reach"
)

// refused tells whether an address was judged and not merely found closed.
func refused(err error) bool {
	var by syscall.Errno
	var slow net.Error
	return err != nil && !errors.As(err, &by) && (!errors.As(err, &slow) || !slow.Timeout())
}

// Attack 52: whatever way an address inside is written, it is not dialled.
func TestAttack52_AddressesInsideAreNotDialled(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	came := make(chan struct{}, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came <- struct{}{}
			_ = c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	hosts := []string{"127.0.0.1", "127.1.2.3", "localhost", "0.0.0.0", "::1", "::ffff:127.0.0.1", "::", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "fe80::1", "fd00::1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "255.255.255.255"}
	for name, d := range map[string]*net.Dialer{
		"public":              reach.Public(time.Second, 993, 143),
		"without a network":   reach.Within(time.Second, nil),
		"with another's":      reach.Within(time.Second, []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16"), netip.MustParsePrefix("fd12::/16")}),
		"with a network of 6": reach.Within(time.Second, []netip.Prefix{netip.MustParsePrefix("::ffff:0:0/112")}),
	} {
		for _, host := range hosts {
			c, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
			if err == nil {
				_ = c.Close()
				t.Errorf("%s: %s was reached", name, host)
			} else if !refused(err) && !strings.Contains(err.Error(), "no such host") {
				t.Errorf("%s: %s was tried: %v", name, host, err)
			}
		}
	}
	select {
	case <-came:
		t.Error("somebody came to a listener inside")
	default:
	}
	// It is the judgement that keeps them out, and not the machine.
	c, err := reach.Within(time.Second, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatalf("a network that the operator has named is not reached: %v", err)
	}
	_ = c.Close()
	if _, err := reach.Public(time.Second, 993).DialContext(t.Context(), "tcp", "192.0.2.1:"+port); !refused(err) {
		t.Errorf("another port was tried: %v", err)
	}
}
