"""AWS's protocols, each the server's side of what its SDKs speak."""
