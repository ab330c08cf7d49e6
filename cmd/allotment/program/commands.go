package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"allotment/app/driver/postfix"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/app/template"
	"allotment/app/vault"
	"allotment/catalog"
)

// Global are the options of every command.
type Global struct {
	Config string `help:"The file of settings." type:"path" env:"ALLOTMENT_CONFIG"`
}

// Commands is the command line.
type Commands struct {
	Global
	Serve    ServeCommand    `cmd:"" help:"Serve the portal, and work on its jobs."`
	Work     WorkCommand     `cmd:"" help:"Work on jobs only; on as many machines as you like."`
	Migrate  MigrateCommand  `cmd:"" help:"Bring the databases to this version's schema."`
	Dev      DevCommand      `cmd:"" help:"Start a whole provider on this machine, with demo data."`
	Admin    AdminCommand    `cmd:"" help:"Make the first operator; make keys."`
	Billing  BillingCommand  `cmd:"" help:"Issue what is due, and prove the books."`
	Audit    AuditCommand    `cmd:"" help:"Check the audit log."`
	Catalog  CatalogCommand  `cmd:"" help:"Check the entries of the catalog."`
	Template TemplateCommand `cmd:"" help:"Build the templates that guests are made from."`
}

// load reads the settings, without those that come from the command line.
func (g *Global) load() (Config, error) { return Load(g.Config, withoutConfig(os.Environ())) }

// withoutConfig leaves out the one variable that is no setting.
func withoutConfig(environ []string) []string {
	var kept []string
	for _, line := range environ {
		if !strings.HasPrefix(line, "ALLOTMENT_CONFIG=") {
			kept = append(kept, line)
		}
	}
	return kept
}

// open loads the settings and joins the parts.
func (g *Global) open(ctx context.Context) (*Program, error) {
	cfg, err := g.load()
	if err != nil {
		return nil, err
	}
	return Open(ctx, cfg, Logger(cfg.Log, os.Stderr))
}

// ServeCommand serves and works until it is told to stop.
type ServeCommand struct {
	NoWork bool `help:"Leave the jobs to 'allotment work'."`
}

// Run serves.
func (c *ServeCommand) Run(ctx context.Context, g *Global) error {
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Serve(ctx, !c.NoWork)
}

// WorkCommand works on jobs until it is told to stop.
type WorkCommand struct{}

// Run works.
func (WorkCommand) Run(ctx context.Context, g *Global) error {
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Work(ctx)
}

// MigrateCommand migrates.
type MigrateCommand struct{}

// Run migrates the portal's database, and the mail system's where one is configured.
func (MigrateCommand) Run(ctx context.Context, g *Global) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if cfg.Database.OwnerURL == "" {
		return errors.New("database.owner_url: is missing: the address of the database for the role that owns it")
	}
	if err := store.Migrate(ctx, cfg.Database.OwnerURL); err != nil {
		return err
	}
	if cfg.Mail.DatabaseURL != "" {
		return postfix.Migrate(ctx, cfg.Mail.DatabaseURL)
	}
	return nil
}

// AdminCommand is what is done on the server itself.
type AdminCommand struct {
	CreateOperator CreateOperatorCommand `cmd:"" help:"Make the operator and its first administrator, and publish the catalog's prices."`
	PublishPrices  PublishPricesCommand  `cmd:"" help:"Make the catalog's list prices the operator's, where they have changed."`
	RotateKeys     RotateKeysCommand     `cmd:"" help:"Sign people's sign-ins at apps with a fresh key from now on."`
	Key            KeyCommand            `cmd:"" help:"Print a fresh key for the setting 'key'."`
}

// KeyCommand prints a key.
type KeyCommand struct{}

// Run prints it.
func (KeyCommand) Run() error {
	key, err := vault.NewKey()
	if err == nil {
		fmt.Println(key)
	}
	return err
}

// CreateOperatorCommand makes the first operator. The password is read from the terminal or standard input, never from the
// command line, where others could see it.
type CreateOperatorCommand struct {
	Name     string `arg:"" help:"The operator's name, as customers read it."`
	Email    string `required:"" help:"The administrator's e-mail address."`
	Person   string `required:"" help:"The administrator's name."`
	Language string `default:"en" enum:"en,nl,de" help:"The administrator's language."`
}

// Run makes it.
func (c *CreateOperatorCommand) Run(ctx context.Context, g *Global) error {
	password, err := readPassword()
	if err != nil {
		return err
	}
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	actor, err := p.Portal.CreateOperator(ctx, c.Name, portal.NewMember{Name: c.Person, Email: c.Email, Password: password, Language: c.Language})
	if err != nil {
		return err
	}
	return p.Portal.PublishPrices(ctx, actor)
}

func readPassword() (string, error) {
	in := int(os.Stdin.Fd())
	if term.IsTerminal(in) {
		fmt.Fprint(os.Stderr, "Password (at least 12 characters): ")
		password, err := term.ReadPassword(in)
		fmt.Fprintln(os.Stderr)
		return string(password), err
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.Join(errors.New("no password on standard input"), err)
	}
	return line, nil
}

// PublishPricesCommand publishes prices.
type PublishPricesCommand struct{}

// Run publishes.
func (PublishPricesCommand) Run(ctx context.Context, g *Global) error {
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Portal.PublishPricesOfOperator(ctx)
}

// CatalogCommand is about the catalog.
type CatalogCommand struct {
	Lint LintCommand `cmd:"" help:"Check the entries in a folder, or the built-in ones."`
}

// LintCommand checks entries.
type LintCommand struct {
	Folder string `arg:"" optional:"" type:"existingdir" help:"A folder with one folder for each app."`
}

// Run prints each problem as file:line: message, and fails when there is one.
func (c *LintCommand) Run() error {
	problems := catalog.Lint(catalog.Embedded)
	if c.Folder != "" {
		problems = catalog.Lint(os.DirFS(c.Folder))
	}
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems", len(problems))
	}
	fmt.Println("The catalog is in order.")
	return nil
}

// TemplateCommand is about templates.
type TemplateCommand struct {
	Build TemplateBuildCommand `cmd:"" help:"Build an app's template, and upload it to the cluster."`
}

// TemplateBuildCommand builds one.
type TemplateBuildCommand struct {
	App    string `arg:"" help:"The app's ID in the catalog."`
	Output string `help:"Where to write it; in the cache where nothing is said." type:"path"`
	Upload bool   `help:"Upload it through the cluster's API when it is built." default:"true" negatable:""`
}

// Run builds it.
func (c *TemplateBuildCommand) Run(ctx context.Context, g *Global) error {
	if err := template.Possible(); err != nil {
		return err
	}
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		return err
	}
	entry, ok := entries.App(c.App)
	if !ok {
		return fmt.Errorf("the catalog has no app called %q", c.App)
	}
	bake, _ := entry.File(entry.Guest.Bake)
	options := template.Options{
		Name: entry.Guest.Template, Packages: entry.Guest.Packages, Bake: string(bake), Output: c.Output, Log: func(line string) { fmt.Println(line) },
	}
	path := c.Output
	if path != "" {
		err = template.Build(ctx, options)
	} else {
		path, err = cachedTemplate(ctx, options)
	}
	if err != nil {
		return err
	}
	fmt.Println(path)
	if !c.Upload {
		return nil
	}
	return c.upload(ctx, g, path, entry.Guest.Template)
}

func cachedTemplate(ctx context.Context, o template.Options) (string, error) {
	cache, err := template.CacheDir()
	if err != nil {
		return "", err
	}
	return template.Cached(ctx, cache, o)
}

func (c *TemplateBuildCommand) upload(ctx context.Context, g *Global, path, name string) error {
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	guests, err := p.Guests()
	if err != nil {
		return err
	}
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	defer file.Close()
	return guests.Upload(ctx, file, p.Config.Proxmox.TemplateStorage, name+".tar.zst")
}
