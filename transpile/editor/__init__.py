"""In the editor: the rewrite of one place as edits, and the language server."""
