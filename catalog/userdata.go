package catalog

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"

	"gopkg.in/yaml.v3"
)

// Where a guest finds its order and how it starts on it. The program at guestProgram is part of every template.
const (
	guestFolder  = "/etc/allotment/"
	guestProgram = "/usr/local/sbin/allotment-guest"
)

// cloudConfig is the part of cloud-init's configuration that we use.
type cloudConfig struct {
	WriteFiles []cloudFile `yaml:"write_files"`
	RunCmd     [][]string  `yaml:"runcmd"`
}

type cloudFile struct {
	Path        string `yaml:"path"`
	Owner       string `yaml:"owner"`
	Permissions string `yaml:"permissions"`
	Encoding    string `yaml:"encoding"`
	Content     string `yaml:"content"`
}

// UserData renders the cloud-init user-data of one order: order.json, the app's fixed setup.sh and further files, and the command
// that runs it. Content is base64, and the YAML is marshalled, so nothing in an order can change what the document says. It fails
// for an order of another app, for a guest that shall end TLS itself, and for text that is not UTF-8, which JSON cannot carry unchanged.
func UserData(app *App, order Order) ([]byte, error) {
	if order.App != app.ID {
		return nil, fmt.Errorf("user-data of %s: the order is for %q", app.ID, order.App)
	}
	if order.TLS != "edge" {
		return nil, fmt.Errorf("user-data of %s: the recipe leaves TLS to the edge; it knows no %q", app.ID, order.TLS)
	}
	content, err := marshalOrder(order)
	if err != nil {
		return nil, fmt.Errorf("user-data of %s: %w", app.ID, err)
	}
	files := []cloudFile{newCloudFile("order.json", "0600", content)}
	for _, name := range append([]string{app.Guest.Setup}, app.Guest.Files...) {
		data, ok := app.File(name)
		if !ok {
			return nil, fmt.Errorf("user-data of %s: the file %s is missing", app.ID, name)
		}
		mode, target := "0600", name
		if name == app.Guest.Setup {
			mode, target = "0700", "setup.sh"
		}
		files = append(files, newCloudFile(target, mode, data))
	}
	body, err := yaml.Marshal(cloudConfig{WriteFiles: files, RunCmd: [][]string{{guestProgram, "run"}}})
	if err != nil {
		return nil, fmt.Errorf("user-data of %s: %w", app.ID, err)
	}
	data := append([]byte("#cloud-config\n"), body...)
	return data, CheckUserData(data)
}

func newCloudFile(name, mode string, content []byte) cloudFile {
	return cloudFile{
		Path: guestFolder + name, Owner: "root:root", Permissions: mode,
		Encoding: "b64", Content: base64.StdEncoding.EncodeToString(content),
	}
}

// marshalOrder writes an order as JSON, and makes sure that everything comes out of it as it went in.
func marshalOrder(order Order) ([]byte, error) {
	content, err := json.MarshalIndent(order, "", "  ")
	if err != nil {
		return nil, err
	}
	var back Order
	if err := json.Unmarshal(content, &back); err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(order, back) {
		return nil, fmt.Errorf("the order holds text that is not UTF-8")
	}
	return append(content, '\n'), nil
}
