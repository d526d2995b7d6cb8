"""What is done: issuing, personalizing, inspecting, testing and describing cards."""
