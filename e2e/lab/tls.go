package lab

// Certificate returns the paths of PEM files for a further server on the lab's addresses: its authority, its certificate, its key.
// They are made once for each name and kept as long as the lab's folder.
func (l *Lab) Certificate(server string) (ca, cert, key string, err error) {
	user, err := dropTo() // nobody else reads it: the server is this program
	if err != nil {
		return "", "", "", err
	}
	p, err := l.folder.certificate(server, user)
	return p.ca, p.cert, p.key, err
}
