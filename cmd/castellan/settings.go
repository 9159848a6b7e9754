package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"

	"castellan/internal/mail"
)

// place is where a workspace is.
type place struct {
	Data         string `help:"Directory of the data: the database (unless --database is given), the keys, the head of the ledger." default:"./data" env:"CASTELLAN_DATA" type:"path"`
	Database     string `help:"PostgreSQL in place of SQLite, as postgres://user@host/name. A password does not belong on the command line, where others see it: put the address into the variable, the settings file or --database-file." placeholder:"URL" env:"CASTELLAN_DATABASE"`
	DatabaseFile string `help:"File with the address of the database on its first line." placeholder:"FILE" env:"CASTELLAN_DATABASE_FILE" type:"path"`
	Schema       string `help:"Schema of the workspace on PostgreSQL." default:"castellan" env:"CASTELLAN_SCHEMA"`
	HeadFile     string `help:"Where the newest signed head of the ledger is kept, outside the database. Best on another disk than the data." placeholder:"FILE" env:"CASTELLAN_HEAD_FILE" type:"path"`
	GeoIPFile    string `name:"geoip-file" help:"MaxMind database (.mmdb) of countries or cities, by which the places of addresses are shown. Read when Castellan starts; without one no place is shown, and nobody is asked." placeholder:"FILE" env:"CASTELLAN_GEOIP_FILE" type:"path"`
	NoMMap       bool   `name:"no-mmap" help:"Read SQLite without memory mapping: slower, but a failing disk is an error and not a crash." env:"CASTELLAN_NO_MMAP"`
}

func (p place) head() string {
	if p.HeadFile != "" {
		return p.HeadFile
	}
	return filepath.Join(p.Data, "head", "ledger.head")
}

// address is that of the database server, or empty for SQLite.
func (p place) address() (string, error) {
	if p.Data == "" {
		return "", errors.New("--data is empty: name a directory, or leave it out for ./data")
	}
	address := p.Database
	if p.DatabaseFile != "" {
		if address != "" {
			return "", errors.New("--database and --database-file are both set: leave one of them out")
		}
		var err error
		if address, err = secret(p.DatabaseFile); err != nil {
			return "", err
		}
	}
	if address == "" {
		return "", nil
	}
	// What cannot be read is not repeated: it may hold a password.
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", errors.New("the address of the database must begin with postgres://, as in postgres://user@host/name")
	}
	return address, nil
}

// doorway is how people reach the workspace. Links are made of it, and never of
// what a request says.
type doorway struct {
	URL string `help:"How people reach Castellan, such as https://crm.example.com. Links are made of it." placeholder:"URL" env:"CASTELLAN_URL"`
}

func (d doorway) check() error {
	u, err := url.Parse(d.URL)
	if d.URL == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && strings.Trim(u.Path, "/") == "" {
		return nil
	}
	return errors.New("--url must be an address such as https://crm.example.com, without a path")
}

// base is the address without a slash at the end.
func (d doorway) base(otherwise string) string {
	if d.URL == "" {
		return otherwise
	}
	return strings.TrimRight(d.URL, "/")
}

// facing is how the workspace is served.
type facing struct {
	doorway
	Listen           string   `help:"Address to listen on." default:"localhost:8080" env:"CASTELLAN_LISTEN"`
	Proxies          []string `help:"Networks of proxies whose X-Forwarded headers are believed, such as 10.0.0.0/8." placeholder:"NETWORK" env:"CASTELLAN_PROXIES"`
	TLSCert          string   `name:"tls-cert" help:"Certificate, to serve https without a proxy." placeholder:"FILE" env:"CASTELLAN_TLS_CERT" type:"path"`
	TLSKey           string   `name:"tls-key" help:"Key of the certificate." placeholder:"FILE" env:"CASTELLAN_TLS_KEY" type:"path"`
	InternalNetworks []string `help:"Networks inside the firm in which sign-in providers and the mailbox may be, such as 10.0.0.0/8. Without it Castellan connects to public addresses only where somebody's settings name a host." placeholder:"NETWORK" env:"CASTELLAN_INTERNAL_NETWORKS"`
	MetricsTokenFile string   `help:"File with the token that opens /metrics from other machines; without one only this machine may read them." placeholder:"FILE" env:"CASTELLAN_METRICS_TOKEN_FILE" type:"path"`
}

// check reads what can be wrong before anything is opened.
func (f facing) check() (proxies []netip.Prefix, metricsToken string, err error) {
	if (f.TLSCert == "") != (f.TLSKey == "") {
		return nil, "", errors.New("--tls-cert and --tls-key belong together")
	}
	if err := f.doorway.check(); err != nil {
		return nil, "", err
	}
	if _, err = f.internal(); err != nil {
		return nil, "", err
	}
	if proxies, err = networks("--proxies", f.Proxies); err != nil {
		return nil, "", err
	}
	if f.MetricsTokenFile != "" {
		metricsToken, err = secret(f.MetricsTokenFile)
	}
	return proxies, metricsToken, err
}

// internal are the networks in which providers and the mailbox may be that no
// stranger can reach.
func (f facing) internal() ([]netip.Prefix, error) {
	return networks("--internal-networks", f.InternalNetworks)
}

// networks reads prefixes and single addresses of a setting.
func networks(setting string, all []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, one := range all {
		p, err := netip.ParsePrefix(one)
		if err != nil {
			a, aerr := netip.ParseAddr(one)
			if aerr != nil {
				return nil, fmt.Errorf("%s: %q is neither an address nor a network such as 10.0.0.0/8", setting, one)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		prefixes = append(prefixes, p.Masked())
	}
	return prefixes, nil
}

// posting is the mail server that sends what people are told. Without one, links
// are shown to whoever makes them.
type posting struct {
	MailServer       string `help:"Mail server that sends invitations and notices: smtp://user@host:587 (encrypted by STARTTLS) or smtps://user@host:465." placeholder:"URL" env:"CASTELLAN_MAIL_SERVER"`
	MailPasswordFile string `help:"File with the password of the user of the mail server on its first line." placeholder:"FILE" env:"CASTELLAN_MAIL_PASSWORD_FILE" type:"path"`
	MailFrom         string `help:"Who writes, such as \"Studio Lumen <crm@example.com>\"." placeholder:"ADDRESS" env:"CASTELLAN_MAIL_FROM"`
	MailSecurity     string `help:"starttls, or plain for a mail server that is reached by a safe way. By default plain on this machine and starttls elsewhere." placeholder:"HOW" enum:",starttls,plain" default:"" env:"CASTELLAN_MAIL_SECURITY"`
	MailCAFile       string `name:"mail-ca-file" help:"Certificates to believe, in PEM, where the mail server's is signed by an authority of your own." placeholder:"FILE" env:"CASTELLAN_MAIL_CA_FILE" type:"path"`
}

// server reads the settings of the mail server; the zero one if there is none.
func (p posting) server(d doorway) (mail.Server, error) {
	if p.MailServer == "" {
		if p.MailFrom != "" || p.MailPasswordFile != "" || p.MailSecurity != "" || p.MailCAFile != "" {
			return mail.Server{}, errors.New("there are settings for mail, but no --mail-server")
		}
		return mail.Server{}, nil
	}
	// What cannot be read is not repeated: it may hold a password.
	u, err := url.Parse(p.MailServer)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return mail.Server{}, errors.New("--mail-server must be an address such as smtp://user@mail.example.com:587 or smtps://user@mail.example.com")
	}
	if _, has := u.User.Password(); has {
		return mail.Server{}, errors.New("--mail-server holds a password: put it into --mail-password-file")
	}
	if d.URL == "" {
		return mail.Server{}, errors.New("--mail-server needs --url: links in mails are made of it")
	}
	s := mail.Server{Host: u.Hostname(), Port: 587, Security: mail.StartTLS, User: u.User.Username()}
	switch {
	case u.Scheme == "smtps" && p.MailSecurity != "":
		return mail.Server{}, errors.New("--mail-security is for smtp://; smtps:// is always encrypted")
	case u.Scheme == "smtps":
		s.Port, s.Security = 465, mail.TLS
	case p.MailSecurity != "":
		s.Security = mail.Security(p.MailSecurity)
	case loopback(s.Host):
		s.Security = mail.Plain
	}
	if u.Port() != "" {
		if s.Port, err = strconv.Atoi(u.Port()); err != nil || s.Port < 1 || s.Port > 65535 {
			return mail.Server{}, errors.New("the port of --mail-server is not one")
		}
	}
	from, err := netmail.ParseAddress(p.MailFrom)
	if err != nil {
		return mail.Server{}, errors.New("--mail-from must be a mail address such as \"Studio Lumen <crm@example.com>\"")
	}
	s.From = *from
	if (s.User == "") != (p.MailPasswordFile == "") {
		return mail.Server{}, errors.New("the user in --mail-server and --mail-password-file belong together")
	}
	if p.MailPasswordFile != "" {
		if s.Password, err = secret(p.MailPasswordFile); err != nil {
			return mail.Server{}, err
		}
	}
	if p.MailCAFile != "" {
		text, err := os.ReadFile(p.MailCAFile)
		if err != nil {
			return mail.Server{}, fmt.Errorf("read certificates: %w", err)
		}
		s.Roots = x509.NewCertPool()
		if !s.Roots.AppendCertsFromPEM(text) {
			return mail.Server{}, errors.New("--mail-ca-file holds no certificate in PEM")
		}
	}
	return s, nil
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// about says the settings of the mail server in words, without secrets.
func about(s mail.Server) string {
	if s.Host == "" {
		return ""
	}
	text := fmt.Sprintf("%s:%d, %s, from %s", s.Host, s.Port, s.Security, s.From.String())
	if s.User != "" {
		text += fmt.Sprintf(", user %s, password set", s.User)
	}
	return text
}

// secret reads the first line of a file; - is standard input. Secrets never
// come by a flag, which others see in the list of processes.
func secret(path string) (string, error) {
	from := "standard input"
	r := io.Reader(os.Stdin)
	if path != "-" {
		from = path
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("read a secret: %w", err)
		}
		defer f.Close()
		r = f
	}
	text, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", fmt.Errorf("the first line of %s is empty; a secret is expected there", from)
	}
	return line, nil
}

// exposed refuses a database address with a password that was given by a flag.
func exposed(c *kong.Context) error {
	for _, p := range c.Path {
		if p.Flag == nil || p.Resolved || p.Flag.Name != "database" {
			continue
		}
		u, err := url.Parse(fmt.Sprint(c.FlagValue(p.Flag)))
		if err != nil {
			continue
		}
		if _, has := u.User.Password(); has || u.Query().Has("password") {
			return errors.New("--database holds a password, which everybody on this machine sees in the list of processes: put the address into CASTELLAN_DATABASE, the settings file or --database-file")
		}
	}
	return nil
}

// settings are the lines of a settings file. A line that is no setting is an
// error: one that is misspelt and silently ignored is worse than none. The
// command line goes before the environment, and that before the file.
type settings struct {
	values      map[string]any
	environment []string
}

// BeforeResolve is asked by kong when it has read the command line.
func (*commands) BeforeResolve(c *kong.Context) error {
	environment := os.Environ()
	file, _ := variable(environment, "CASTELLAN_CONFIG")
	for _, p := range c.Path {
		if p.Flag != nil && p.Flag.Name == "config" {
			file = fmt.Sprint(c.FlagValue(p.Flag))
		}
	}
	if file == "" {
		return nil
	}
	s, all := &settings{environment: environment}, known(c.Model)
	delete(all, "config") // a file does not name another one
	if err := s.read(file, all); err != nil {
		return err
	}
	c.AddResolver(s)
	return nil
}

func (s *settings) read(file string, known map[string][]string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the settings file: %w", err)
	}
	if err := toml.Unmarshal(text, &s.values); err != nil {
		// The line itself may hold a password.
		if at := (*toml.DecodeError)(nil); errors.As(err, &at) {
			row, _ := at.Position()
			return fmt.Errorf("settings file %s: line %d is not TOML", file, row)
		}
		return fmt.Errorf("settings file %s is not TOML", file)
	}
	for name, v := range s.values {
		if known[name] == nil {
			return fmt.Errorf("settings file %s: there is no setting %q. There are: %s", file, name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if _, table := v.(map[string]any); table {
			return fmt.Errorf("settings file %s: %s is a value, not a table", file, name)
		}
	}
	return nil
}

// known are the variables of every setting, by its name. A flag without a
// variable belongs to one call of one command and is no setting.
func known(app *kong.Application) map[string][]string {
	all := map[string][]string{}
	var walk func(*kong.Node)
	walk = func(n *kong.Node) {
		for _, f := range n.Flags {
			if len(f.Envs) > 0 {
				all[f.Name] = append(all[f.Name], f.Envs...)
			}
		}
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(app.Node)
	return all
}

// Validate is asked by kong; read has looked already.
func (*settings) Validate(*kong.Application) error { return nil }

// Resolve gives the value of a flag that the command line leaves open.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := variable(s.environment, name); set {
			return nil, nil
		}
	}
	if list, ok := s.values[flag.Name].([]any); ok {
		words := make([]string, len(list))
		for i := range list {
			words[i] = fmt.Sprint(list[i])
		}
		return strings.Join(words, ","), nil
	}
	return s.values[flag.Name], nil
}

// variable is a variable of the environment.
func variable(environment []string, name string) (value string, set bool) {
	for _, one := range environment {
		if v, ok := strings.CutPrefix(one, name+"="); ok {
			value, set = v, true
		}
	}
	return value, set
}

// unknownVariables refuses CASTELLAN_… variables that nothing reads.
func unknownVariables(app *kong.Application, environment []string) error {
	all := slices.Concat(slices.Collect(maps.Values(known(app)))...)
	for _, one := range environment {
		name, _, _ := strings.Cut(one, "=")
		// CASTELLAN_TEST_… belong to the project's own tests.
		if strings.HasPrefix(name, "CASTELLAN_") && !strings.HasPrefix(name, "CASTELLAN_TEST_") && !slices.Contains(all, name) {
			return fmt.Errorf("there is no setting %s. `castellan serve --help` lists those that there are", name)
		}
	}
	return nil
}

type checkCommand struct {
	Check configCheck `cmd:"" help:"Show the settings that would be used; secrets are withheld."`
}

type configCheck struct {
	place
	facing
	posting
}

// Run prints the settings of serve.
func (c *configCheck) Run(out output) error {
	proxies, token, err := c.check()
	if err != nil {
		return err
	}
	address, err := c.address()
	if err != nil {
		return err
	}
	post, err := c.server(c.doorway)
	if err != nil {
		return err
	}
	database := "SQLite in " + c.Data
	if address != "" {
		u, err := url.Parse(address)
		if err != nil {
			return errors.New("the address of the database cannot be read")
		}
		// Options behind the question mark can hold a password, too.
		database = fmt.Sprintf("PostgreSQL at %s, database %s, user %s, schema %s", u.Host, strings.TrimPrefix(u.Path, "/"), u.User.Username(), c.Schema)
	}
	words := make([]string, len(proxies))
	for i, p := range proxies {
		words[i] = p.String()
	}
	for _, line := range [][2]string{
		{"data", c.Data}, {"database", database}, {"head-file", c.head()}, {"geoip-file", c.GeoIPFile}, {"no-mmap", fmt.Sprint(c.NoMMap)}, {"listen", c.Listen}, {"url", c.URL}, {"proxies", strings.Join(words, ", ")},
		{"tls-cert", c.TLSCert}, {"tls-key", c.TLSKey}, {"metrics-token", map[bool]string{true: "set"}[token != ""]},
		{"mail-server", about(post)},
	} {
		if line[1] == "" {
			line[1] = "(none)"
		}
		if _, err := fmt.Fprintf(out.out, "%-14s %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
}
