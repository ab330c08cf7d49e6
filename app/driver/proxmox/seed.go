package proxmox

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"allotment/app"
)

// The names under which a container's first process gets its enrolment.
const (
	envURL = "ALLOTMENT_ENROL_URL"
	envCA  = "ALLOTMENT_CA" // base64 of the PEM
)

// seedContainer adds the enrolment to the parameters of a new container. A container sees no disc. Since version 9.1 it gets
// an environment; before, the enrolment is the comment of a key that opens nothing, which the template's first boot removes.
func (a *attempt) seedContainer(ctx context.Context, e *app.Enrolment, params map[string]any) error {
	if e == nil {
		return nil
	}
	has, err := a.d.hasEnv(ctx)
	if err != nil {
		return err
	}
	if has {
		params["env"] = environment(e)
		return nil
	}
	params["ssh-public-keys"], err = enrolmentKey(e)
	return err
}

// hasEnv reports whether containers have the `env` option: since 9.1.
func (d *Driver) hasEnv(ctx context.Context) (bool, error) {
	major, minor, err := d.version(ctx)
	return major > 9 || major == 9 && minor >= 1, err
}

// environment is the enrolment as `env` wants it: NAME=value, separated by NUL.
func environment(e *app.Enrolment) string {
	vars := []string{envURL + "=" + e.URL}
	if e.CA != "" {
		vars = append(vars, envCA+"="+base64.StdEncoding.EncodeToString([]byte(e.CA)))
	}
	return strings.Join(vars, "\x00")
}

// enrolmentKey is an authorized_keys line of a key whose private half is thrown away, with the enrolment as its comment.
func enrolmentKey(e *app.Enrolment) (string, error) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	comment, err := json.Marshal(struct {
		URL string `json:"url"`
		CA  string `json:"ca"`
	}{e.URL, e.CA})
	if err != nil {
		return "", err
	}
	var blob []byte // RFC 8709 section 4: the name, then the key, each with its length
	for _, part := range [][]byte{[]byte("ssh-ed25519"), public} {
		blob = binary.BigEndian.AppendUint32(blob, uint32(len(part)))
		blob = append(blob, part...)
	}
	return fmt.Sprintf("ssh-ed25519 %s allotment-enrol=%s", base64.StdEncoding.EncodeToString(blob),
		base64.RawURLEncoding.EncodeToString(comment)), nil
}

// seeded reports whether an enrolment is still attached.
func (g guest) seeded() bool {
	if g.kind == container {
		return strings.Contains(g.config.text("env"), envURL+"=")
	}
	return g.disc() != ""
}

// disc is the volume of the seed in the guest's drive, "" when the drive is empty or holds something else.
func (g guest) disc() string {
	volume, _, _ := strings.Cut(g.config.text("ide2"), ",")
	if _, name, ok := strings.Cut(volume, ":iso/"); ok && strings.HasPrefix(name, seedPrefix) {
		return volume
	}
	return ""
}

const seedPrefix = "allotment-seed-"

// seedName is the file name of a seed: the same content has the same name.
func seedName(resource app.ID, image []byte) string {
	sum := sha256.Sum256(image)
	return fmt.Sprintf("%s%s-%s.iso", seedPrefix, resource, hex.EncodeToString(sum[:6]))
}

// seedMachine uploads the seed of a machine, unless it is there already, and returns the drive that holds it.
func (a *attempt) seedMachine(ctx context.Context, node string, spec app.GuestSpec) (string, error) {
	image, name, err := a.seedImage(spec)
	if err != nil {
		return "", err
	}
	storage := a.d.config.ISOStorage
	drive := fmt.Sprintf("%s:iso/%s,media=cdrom", storage, name)
	volumes, err := a.d.content(ctx, node, storage, "iso")
	if err != nil {
		return "", err
	}
	for _, v := range volumes { // one that is still being copied is smaller
		if v.Volid+",media=cdrom" == drive && v.Size == uint64(len(image)) {
			return drive, nil
		}
	}
	upid, err := a.d.upload(ctx, upload{node: node, storage: storage, content: "iso", name: name, size: int64(len(image)),
		file: bytes.NewReader(image)})
	if err != nil {
		return "", err
	}
	if err := a.finish(ctx, upid, "The server's configuration is being brought in."); err != nil {
		return "", err
	}
	return drive, nil
}

// seedImage is the seed as a disc image, and its name.
func (a *attempt) seedImage(spec app.GuestSpec) ([]byte, string, error) {
	image, err := discImage(seedFiles(a.ref, spec))
	if err != nil {
		return nil, "", app.Because(app.Retryable, err, "The server's configuration could not be written.")
	}
	return image, seedName(a.ref.Resource, seedIdentity(seedFiles(a.ref, spec))), nil
}

// finish waits for a task that may be repeated freely, and so is not written down.
func (a *attempt) finish(ctx context.Context, upid, words string) error {
	if upid == "" {
		return nil
	}
	t, err := a.d.await(ctx, upid, a.until)
	switch {
	case err != nil:
		return err
	case t.running():
		return app.Errorf(app.Retryable, "%s", words)
	case t.failed():
		cause := &TaskError{UPID: upid, Exit: t.Exit, Log: a.d.log(ctx, upid)}
		if storageFull(cause) {
			return app.Because(app.Full, cause, "There is no room for this server at the moment.")
		}
		return app.Because(app.Retryable, cause, "The server could not be changed.")
	}
	return nil
}

// dropSeeds deletes the resource's seeds from the node's storage but keep ("" for none). It lists first, so that where none
// is nothing is asked to be deleted.
func (a *attempt) dropSeeds(ctx context.Context, node, keep string) error {
	storage := a.d.config.ISOStorage
	if storage == "" {
		return nil
	}
	volumes, err := a.d.content(ctx, node, storage, "iso")
	if err != nil {
		return err
	}
	own := fmt.Sprintf("%s:iso/%s%s-", storage, seedPrefix, a.ref.Resource)
	for _, v := range volumes {
		if !strings.HasPrefix(v.Volid, own) || v.Volid == keep {
			continue
		}
		upid, err := a.d.delete(ctx, nodePath(node, "storage", storage, "content")+"/"+v.Volid, nil)
		if err != nil {
			return err
		}
		if err := a.finish(ctx, upid, "The server's configuration is being taken away."); err != nil {
			return err
		}
	}
	return nil
}

// seedIdentity is what a seed's name is made of: its files, in a fixed order. (An image holds the time of its making.)
func seedIdentity(files map[string]string) []byte {
	var b bytes.Buffer
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s\x00%s\x00", name, files[name])
	}
	return b.Bytes()
}
