package views

import (
	"context"

	"allotment/views/words"
)

func verifyLetter(ctx context.Context, _ map[string]string) letter {
	return letter{
		subject: words.T(ctx, "Please confirm your e-mail address"),
		lines:   []string{words.T(ctx, "Somebody, we hope it was you, gave this address for an account in the hosting portal.")},
		button:  words.T(ctx, "Confirm the address"),
		after:   []string{words.T(ctx, "The link works once, and for one day. If it was not you, you need not do anything.")},
	}
}

func resetLetter(ctx context.Context, _ map[string]string) letter {
	return letter{
		subject: words.T(ctx, "Set a new password"),
		lines:   []string{words.T(ctx, "Somebody, we hope it was you, asked for a new password for your account in the hosting portal.")},
		button:  words.T(ctx, "Set a new password"),
		after:   []string{words.T(ctx, "The link works once, and for 30 minutes. If it was not you, you need not do anything: your password stays as it is.")},
	}
}

func addressLetter(ctx context.Context, d map[string]string) letter {
	return letter{
		subject: words.T(ctx, "The address of your account is being changed"),
		lines: []string{
			words.T(ctx, "Somebody who is signed in to your account in the hosting portal asked to change its e-mail address to %s.", d["email"]),
			words.T(ctx, "If it was you, you need not do anything here: the new address got a link of its own."),
		},
		button: words.T(ctx, "It was not me: keep my address"),
		after:  []string{words.T(ctx, "The link works once, and for seven days, also after the change. It ends all sessions and leads to a new password.")},
	}
}

func securityLetter(ctx context.Context, d map[string]string) letter {
	return letter{
		subject: words.T(ctx, "The security of your account was changed"),
		lines: []string{
			securityChange(ctx, d["what"]),
			words.T(ctx, "It was done from the address %s. If it was not you, please set a new password at once and look at what has changed.", d["address"]),
		},
		button: words.T(ctx, "See what protects my account"),
	}
}

func securityChange(ctx context.Context, what string) string {
	switch what {
	case "totp.add":
		return words.T(ctx, "An authenticator app was set up for your account in the hosting portal.")
	case "totp.remove":
		return words.T(ctx, "The authenticator app was removed from your account in the hosting portal.")
	case "passkey.add":
		return words.T(ctx, "A passkey was added to your account in the hosting portal.")
	case "passkey.remove":
		return words.T(ctx, "A passkey was removed from your account in the hosting portal.")
	case "recovery.renew":
		return words.T(ctx, "New recovery codes were made for your account in the hosting portal.")
	}
	return words.T(ctx, "The password of your account in the hosting portal was changed.")
}
