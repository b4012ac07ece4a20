"""The Node.js runtime: `bootstrap/` runs inside sandboxes, and `sdk/` lists the SDKs it offers."""
