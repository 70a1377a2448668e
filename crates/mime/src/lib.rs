//! Messages by byte range: the part tree, ENVELOPE, BODYSTRUCTURE, sections, decoded text.
