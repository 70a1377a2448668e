//! Mail: accounts, mailboxes, messages, change log and search over ordered bytes.
