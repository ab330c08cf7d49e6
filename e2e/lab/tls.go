package lab

// Certificate returns the paths of PEM files for a further server on the lab's addresses: its authority, its certificate, its key.
// They are made once for each name and kept as long as the lab's folder.
func (l *Lab) Certificate(server string) (ca, cert, key string, err error) {
	p, err := l.folder.certificate(server, nil) // the server is this program itself
	return p.ca, p.cert, p.key, err
}
