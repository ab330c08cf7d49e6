// Package catalog holds the apps that can be ordered: one folder per app with a manifest (app.yaml), an icon, and the scripts that
// install it into a template (bake.sh) and set it up for one order (setup.sh).
//
// Everything else in the program reads apps through this package: pages take words and plans from it, the planner takes DNS
// templates, needs and secrets, and a guest gets what UserData renders. README.md beside this file says how to write an entry;
// schema.json describes app.yaml to editors.
package catalog
