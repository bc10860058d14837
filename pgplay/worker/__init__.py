"""The background process: the protocol and the client, without torch, and the server, which trains."""
