"""PhosphoT5: rewrite a protein with its phosphorylated serines, threonines and tyrosines marked."""
