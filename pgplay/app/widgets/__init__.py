"""The panels of the main screen; each shows the state and posts messages, none of them owns anything."""
