//! IMAP's words: the grammar in both directions, and what each command touches.
