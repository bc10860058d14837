"""The background process: protocol and client, without torch, and the server, which trains."""
