package views

import (
	"context"

	"allotment/app"
	"allotment/views/words"
)

func invitationLetter(ctx context.Context, d map[string]string) letter {
	lines := []string{
		words.T(ctx, "%s invites you to work with %s in the hosting portal.", d["person"], d["organization"]),
		words.T(ctx, "Your role there will be: %s.", RoleName(ctx, app.Role(d["role"]))),
	}
	if d["seller"] != "" { // who has made the organization invites its first owner
		lines = []string{
			words.T(ctx, "%s of %s has made %s for you in the hosting portal, and invites you to be its owner.", d["person"], d["seller"], d["organization"]),
			words.T(ctx, "You give your name and choose a password yourself; nobody else knows it."),
		}
	}
	return letter{
		subject: words.T(ctx, "Invitation to %s", d["organization"]),
		lines:   lines,
		button:  words.T(ctx, "Answer the invitation"),
		after: []string{
			words.T(ctx, "The link works once, and for seven days. If you did not expect this invitation, you need not do anything."),
		},
	}
}

func visitLetter(ctx context.Context, d map[string]string) letter {
	return letter{
		subject: words.T(ctx, "%s acts in the name of %s", d["seller"], d["organization"]),
		lines: []string{
			words.T(ctx, "%s of %s has begun to act in the name of %s in the hosting portal, until %s at the latest.", d["person"], d["seller"],
				d["organization"], momentIn(ctx, d["until"])),
			words.T(ctx, "The reason that was given: %s", d["reason"]),
			words.T(ctx, "Passwords, second factors and owners cannot be changed this way, and everything that is done stands in your audit log."),
		},
		button: words.T(ctx, "See who acted in your name"),
	}
}

func removedLetter(ctx context.Context, d map[string]string) letter {
	return letter{
		subject: words.T(ctx, "You are no longer a member of %s", d["organization"]),
		lines: []string{
			words.T(ctx, "Your membership of %s has ended. You can no longer reach what belongs to it.", d["organization"]),
		},
	}
}
