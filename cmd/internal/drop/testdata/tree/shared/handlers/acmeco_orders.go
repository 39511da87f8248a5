package handlers

type orders struct{}

func (o *orders) keep() string { return "kept" }

func (s *settings) acmeco() {}
