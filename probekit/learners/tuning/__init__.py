"""One tuner: any task of any corpus, any encoder that learns, any objective."""
