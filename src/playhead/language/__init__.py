"""Small language models behind one protocol: chat under a schema, and choose among labels."""
