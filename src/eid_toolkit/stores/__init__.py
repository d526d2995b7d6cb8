"""What the home keeps on disk beside the register: keys and trust."""
