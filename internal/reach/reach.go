// Package reach connects to hosts that somebody's settings name, and to nothing inside that the operator has not named.
//
// Whoever may change settings names a host; who runs the machine says which
// networks are theirs. The address is judged when it is dialled, after the name
// was looked up: a name that leads elsewhere the second time helps nobody, and
// neither does another way to write an address.
//
// A newcomer would get wrong what may be said of a refusal. It is an error like any
// other of the way there: whoever names hosts one after the other must not learn
// by it which of them there are inside.
package reach

import (
	"net"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
)

// Public dials public addresses alone, at the ports that are named.
func Public(patience time.Duration, ports ...uint16) *net.Dialer {
	return &net.Dialer{Timeout: patience, Control: ssrf.New(ssrf.WithPorts(ports...)).Safe}
}

// Within dials public addresses and those of the networks that the operator has
// named, at any port.
func Within(patience time.Duration, internal []netip.Prefix) *net.Dialer {
	var v4, v6 []netip.Prefix
	for _, n := range internal {
		if n.Addr().Is4() {
			v4 = append(v4, n)
		} else {
			v6 = append(v6, n)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	return &net.Dialer{Timeout: patience, Control: guard.Safe}
}
