"""What a person sees: live displays, sentences, tables, and the command line."""
