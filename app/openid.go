package app

import "time"

// AuthRequest is an app's wish that somebody signs in (OpenID Connect Core 1.0 section 3.1.2.1), until the code that answers it is exchanged.
type AuthRequest struct {
	Organization ID // the client's
	ID           ID
	Client       ID
	RedirectURI  string
	Scopes       []string
	State        string
	Nonce        string
	Challenge    string   // of PKCE by S256 (RFC 7636); "" for none
	Prompt       []string // none, login, consent, select_account
	MaxAge       *int     // seconds since the person proved who they are; nil for any
	HintedUser   ID       // whom the app believes to be there; the zero ID for anybody
	CreatedAt    time.Time
	ExpiresAt    time.Time
	Answered     bool      // it has its code: the person was sent back to the app
	AppSession   ID        // the sign-in that answers it; the zero ID until somebody has signed in
	UsedAt       time.Time // when its code was exchanged; zero until then
}

// AppSession is a person's sign-in at an app: what its tokens live on.
type AppSession struct {
	Organization ID
	ID           ID
	Client       ID
	User         ID
	Session      ID // of the portal, in which it began
	Scopes       []string
	Methods      []string // how the person proved themselves (RFC 8176)
	ProvedAt     time.Time
	CreatedAt    time.Time
	EndedAt      time.Time // zero while it lives
}

// TokenKind says what a token is for.
type TokenKind string

// The kinds of tokens.
const (
	AccessToken  TokenKind = "access"
	RefreshToken TokenKind = "refresh"
)

// Token is an access or refresh token of an app, as it is stored.
type Token struct {
	Organization ID
	Hash         []byte
	Kind         TokenKind
	AppSession   ID
	Scopes       []string
	CreatedAt    time.Time
	ExpiresAt    time.Time
	UsedAt       time.Time // when a refresh token was exchanged for the next; zero until then
}

// SigningKey is a key that signs ID tokens, or did until RetiredAt; it is shown to apps until GoneAt.
type SigningKey struct {
	ID        ID
	Algorithm string // RS256
	Sealed    []byte // the private key in PKCS 8, encrypted
	Public    []byte // SubjectPublicKeyInfo in DER
	CreatedAt time.Time
	RetiredAt time.Time // zero while it signs
	GoneAt    time.Time
}
