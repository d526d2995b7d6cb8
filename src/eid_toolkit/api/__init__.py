"""What is behind the public names of ``eid_toolkit``: it joins what the packages do, and does nothing of its own."""
