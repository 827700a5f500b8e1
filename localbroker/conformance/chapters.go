package conformance

// chapters returns the tables of exchanges.
func chapters() []chapter {
	return []chapter{
		{"v4", v4()},
		{"v5", v5()},
	}
}
