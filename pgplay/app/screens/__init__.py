"""The screens: the main one, the library, writing, and the dialogs over them."""
