package bench

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkStart measures how long the program itself takes from its start to
// its first page for somebody, in a town of that many clients.
func BenchmarkStart(b *testing.B) {
	program := filepath.Join(b.TempDir(), "castellan")
	if out, err := exec.Command("go", "build", "-o", program, "castellan/cmd/castellan").CombinedOutput(); err != nil {
		b.Fatalf("build the program: %v\n%s", err, out)
	}
	for _, e := range engines() {
		b.Run(strings.ToLower(e.String()), func(b *testing.B) {
			o := place(b, e)
			var took spans
			for range 5 {
				cmd := exec.Command(program, "serve", "--data", o.Dir, "--listen", "127.0.0.1:0", "--schema", o.Schema)
				// The settings of the benchmark are none of the program's.
				cmd.Env = slices.DeleteFunc(os.Environ(), func(one string) bool { return strings.HasPrefix(one, "CASTELLAN_") })
				cmd.Env = append(cmd.Env, "CASTELLAN_DATABASE="+o.URL)
				if o.Schema == "" {
					cmd.Args = cmd.Args[:len(cmd.Args)-2]
				}
				cmd.Stderr = os.Stderr
				out, err := cmd.StdoutPipe()
				if err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				address := ""
				lines := bufio.NewReader(out)
				for address == "" {
					line, err := lines.ReadString('\n')
					if err != nil {
						b.Fatalf("the program said nothing: %v", err)
					}
					if _, rest, ok := strings.Cut(line, " serves http://"); ok {
						address, _, _ = strings.Cut(rest, " ")
					}
				}
				answer, err := http.Get("http://" + address + "/readyz")
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				took = append(took, time.Since(began))
				if err := cmd.Process.Signal(os.Interrupt); err != nil {
					b.Fatal(err)
				}
				if err := cmd.Wait(); err != nil {
					b.Fatalf("the program ended badly: %v", err)
				}
			}
			worst := took[0]
			for _, t := range took {
				worst = max(worst, t)
			}
			measured.atMost(e, "start", "from the start of the program until it is ready, worst of 5", "s", worst.Seconds(), 1)
		})
	}
}
