package federation

// ForgetReplays empties what is remembered in memory alone, as a restart does.
func (s *Service) ForgetReplays() { s.replays = newReplayMemory() }
