package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"
)

// place is where the data lies. Every command that opens it has these settings.
type place struct {
	Data         string `default:"data" type:"path" env:"CASTELLAN_DATA" help:"Directory of the workspace: keys, and on SQLite the database."`
	Database     string `placeholder:"URL" env:"CASTELLAN_DATABASE" help:"postgres://… to keep the data on PostgreSQL; by default SQLite in the data directory. A password does not belong on the command line: put the address into the variable or into --database-file."`
	DatabaseFile string `placeholder:"FILE" type:"path" env:"CASTELLAN_DATABASE_FILE" help:"File that holds the address of the database."`
	Schema       string `default:"castellan" env:"CASTELLAN_SCHEMA" help:"Schema on PostgreSQL: one for each workspace."`
	HeadFile     string `placeholder:"FILE" type:"path" env:"CASTELLAN_HEAD_FILE" help:"Where the newest signed head of the ledger is kept; by default head/ledger.head in the data directory. Best on another disk."`
}

// head is the file of the newest signed head.
func (p *place) head() string {
	if p.HeadFile != "" {
		return p.HeadFile
	}
	return filepath.Join(p.Data, "head", "ledger.head")
}

// address is that of the database server, or empty.
func (p *place) address() (string, error) {
	if p.DatabaseFile == "" {
		return p.Database, nil
	}
	if p.Database != "" {
		return "", errors.New("--database and --database-file are both set: leave one of them out")
	}
	return secret(p.DatabaseFile)
}

// secret reads a file that holds one secret.
func secret(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("cannot read the file of a secret: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// passwordShown tells whether an address carries a password, which anybody on
// the machine reads in the list of processes if it is a flag.
func passwordShown(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return false
	}
	_, has := u.User.Password()
	return has
}

// face is how the server is reached.
type face struct {
	Listen           string        `default:"localhost:8080" env:"CASTELLAN_LISTEN" help:"Address and port to listen on."`
	URL              string        `name:"url" placeholder:"URL" env:"CASTELLAN_URL" help:"How people reach Castellan, such as https://crm.example.com. Links are made of it; by default of --listen."`
	Proxies          []string      `placeholder:"NETWORK" env:"CASTELLAN_PROXIES" help:"Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."`
	Certificate      string        `placeholder:"FILE" type:"path" env:"CASTELLAN_CERTIFICATE" help:"Certificate for https (PEM); with --certificate-key. Without them something in front must speak https, except on the machine itself."`
	CertificateKey   string        `placeholder:"FILE" type:"path" env:"CASTELLAN_CERTIFICATE_KEY" help:"Key of the certificate (PEM)."`
	MetricsTokenFile string        `placeholder:"FILE" type:"path" env:"CASTELLAN_METRICS_TOKEN_FILE" help:"File with the token that opens /metrics from elsewhere; by default it is open to this machine alone."`
	SessionIdle      time.Duration `default:"12h" env:"CASTELLAN_SESSION_IDLE" help:"A session that is not used so long is over."`
	SessionAbsolute  time.Duration `default:"168h" env:"CASTELLAN_SESSION_ABSOLUTE" help:"No session is older."`
	LogFormat        string        `default:"text" enum:"text,json" env:"CASTELLAN_LOG_FORMAT" help:"How the log is written: text or json."`
	LogLevel         string        `default:"info" enum:"debug,info,warn,error" env:"CASTELLAN_LOG_LEVEL" help:"What the log tells: debug, info, warn or error."`
	Drain            time.Duration `default:"20s" env:"CASTELLAN_DRAIN" help:"How long requests under way may take when the server stops."`
}

// proxies are the networks that are believed.
func (f *face) proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, word := range f.Proxies {
		n, err := netip.ParsePrefix(word)
		if err != nil {
			one, err := netip.ParseAddr(word)
			if err != nil {
				return nil, fmt.Errorf("proxies: %q is neither an address nor a network such as 10.0.0.0/8", word)
			}
			n = netip.PrefixFrom(one, one.BitLen())
		}
		all = append(all, n.Masked())
	}
	return all, nil
}

// base is how people reach the server, without a slash at the end.
func (f *face) base() (string, error) {
	if f.URL != "" {
		u, err := url.Parse(f.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Path != "" && u.Path != "/" {
			return "", errors.New("url must be an address such as https://crm.example.com, without a path")
		}
		return u.Scheme + "://" + u.Host, nil
	}
	if f.Certificate != "" {
		return "https://" + f.Listen, nil
	}
	return "http://" + f.Listen, nil
}

// settingsFile is the file of settings as kong sees it. Its keys are the names
// of flags; one that no command has is an error, since a misspelt setting is one
// that somebody believes to be set.
type settingsFile struct {
	environment []string
	read        bool
	values      map[string]any
}

// Validate is asked by kong before anything is resolved.
func (s *settingsFile) Validate(*kong.Application) error { return nil }

// Resolve gives the value of a flag that neither the command line nor the
// environment has set.
func (s *settingsFile) Resolve(c *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Name == "config" || flag.Name == "help" {
		return nil, nil
	}
	if err := s.load(c); err != nil {
		return nil, err
	}
	if v, ok := s.values[flag.Name]; ok && slices.ContainsFunc(flag.Envs, s.isSet) {
		_ = v // a variable goes before the file
		return nil, nil
	}
	v, ok := s.values[flag.Name]
	if !ok {
		return nil, nil
	}
	if list, ok := v.([]any); ok {
		words := make([]string, len(list))
		for i := range list {
			words[i] = fmt.Sprint(list[i])
		}
		return strings.Join(words, ","), nil
	}
	return fmt.Sprint(v), nil
}

func (s *settingsFile) isSet(name string) bool {
	return slices.ContainsFunc(s.environment, func(v string) bool { return strings.HasPrefix(v, name+"=") })
}

// file is the one that the command line or the environment names.
func (s *settingsFile) file(c *kong.Context) string {
	for _, p := range c.Path {
		if p.Flag != nil && p.Flag.Name == "config" {
			return fmt.Sprint(c.FlagValue(p.Flag))
		}
	}
	for _, v := range s.environment {
		if name, ok := strings.CutPrefix(v, "CASTELLAN_CONFIG="); ok {
			return name
		}
	}
	return ""
}

func (s *settingsFile) load(c *kong.Context) error {
	if s.read {
		return nil
	}
	s.read = true
	name := s.file(c)
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("cannot read the file of settings: %w", err)
	}
	var values map[string]any
	if err := toml.Unmarshal(text, &values); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, column := at.Position()
			return fmt.Errorf("%s: line %d, column %d is not TOML", name, row, column)
		}
		return fmt.Errorf("%s is not TOML", name)
	}
	known := settingNames(c.Model)
	s.values = map[string]any{}
	for key, v := range values {
		flag := strings.ReplaceAll(key, "_", "-")
		if !slices.Contains(known, flag) {
			return fmt.Errorf("%s: there is no setting %q", name, key)
		}
		if _, table := v.(map[string]any); table {
			return fmt.Errorf("%s: %q is a value, not a table", name, key)
		}
		s.values[flag] = v
	}
	return nil
}

// settingNames are the flags that a file may set: those with a variable.
func settingNames(app *kong.Application) []string {
	var all []string
	_ = kong.Visit(app, func(n kong.Visitable, next kong.Next) error { // the visitor gives no error
		if f, ok := n.(*kong.Flag); ok && len(f.Envs) > 0 {
			all = append(all, f.Name)
		}
		return next(nil)
	})
	return all
}

// unknownVariables refuses variables CASTELLAN_… that no setting has.
func unknownVariables(app *kong.Application, environment []string) error {
	var known []string
	_ = kong.Visit(app, func(n kong.Visitable, next kong.Next) error { // the visitor gives no error
		if f, ok := n.(*kong.Flag); ok {
			known = append(known, f.Envs...)
		}
		return next(nil)
	})
	for _, v := range environment {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "CASTELLAN_") && !strings.HasPrefix(name, "CASTELLAN_TEST_") && !slices.Contains(known, name) {
			return fmt.Errorf("there is no setting %s; castellan serve --help lists those that there are", name)
		}
	}
	return nil
}

// configCheck reads every setting and prints it.
type configCheck struct {
	place
	face
}

// Run prints the settings.
func (c *configCheck) Run(w *world) error {
	address, err := c.address()
	if err != nil {
		return err
	}
	if _, err := c.proxies(); err != nil {
		return err
	}
	base, err := c.base()
	if err != nil {
		return err
	}
	database := "SQLite in " + c.Data
	if address != "" {
		u, err := url.Parse(address)
		if err != nil {
			return errors.New("database: the address cannot be read")
		}
		database = "PostgreSQL " + u.Redacted()
	}
	for _, line := range [][2]string{
		{"data", c.Data}, {"database", database}, {"schema", c.Schema}, {"head-file", c.head()}, {"listen", c.Listen}, {"url", base}, {"proxies", strings.Join(c.Proxies, ", ")},
		{"certificate", c.Certificate}, {"certificate-key", c.CertificateKey}, {"metrics-token-file", c.MetricsTokenFile}, {"session-idle", c.SessionIdle.String()},
		{"session-absolute", c.SessionAbsolute.String()}, {"log-format", c.LogFormat}, {"log-level", c.LogLevel}, {"drain", c.Drain.String()},
	} {
		if line[0] == "schema" && address == "" || line[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w.out, "%-20s %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
}
