return { text = "trialsh 0.1.0" }
