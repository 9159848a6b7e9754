package web

import (
	"encoding/base64"
	"strings"

	"castellan/internal/fault"
)

func (s *Server) houseRoutes() []route {
	return []route{
		{method: "GET", path: "/healthz", name: "health", tag: "Running", summary: "Tell that the process lives", door: anybody, shape: text("text/plain; charset=utf-8", (*call).health)},
		{method: "GET", path: "/readyz", name: "readiness", tag: "Running", summary: "Tell whether work can be taken", door: anybody, shape: text("text/plain; charset=utf-8", (*call).ready)},
		{method: "GET", path: "/metrics", name: "metrics", tag: "Running", summary: "Measurements for Prometheus, to callers on the machine itself or with the token of the settings", door: anybody, shape: text("text/plain; version=0.0.4; charset=utf-8", (*call).metrics)},
		{method: "GET", path: "/api/openapi.json", name: "getOpenAPI", tag: "Reference", summary: "This description", door: anybody, shape: text("application/json", func(c *call) ([]byte, error) { return c.openAPI, nil })},
		{method: "GET", path: "/api/docs", name: "getReference", tag: "Reference", summary: "This description as a page", door: anybody, shape: text("text/html; charset=utf-8", (*call).readReference)},
	}
}

func (c *call) health() ([]byte, error) { return []byte("ok\n"), nil }

func (c *call) ready() ([]byte, error) {
	if c.drains.Load() {
		return nil, fault.New(fault.Busy, "draining", "Castellan is stopping.")
	}
	if c.Ready != nil {
		if err := c.Ready(c.ctx); err != nil {
			return nil, fault.New(fault.Busy, "unready", "Castellan cannot take work now.").Because(err)
		}
	}
	return []byte("ready\n"), nil
}

// errNowhere is the answer to an address that is not there for the caller.
func errNowhere() error {
	return fault.New(fault.Missing, "address.missing", "There is nothing at this address.")
}

func (c *call) readReference() ([]byte, error) {
	nonce := base64.RawStdEncoding.EncodeToString(c.Vault.Bytes(16))
	c.w.Header().Set("Content-Security-Policy", policyOfPage(nonce))
	return []byte(strings.ReplaceAll(string(c.docs), nonceHere, nonce)), nil
}
