package simulate

// subject is what a campaign talks about; campaigns of one subject share its phrases.
type subject int

const (
	money subject = iota
	delivery
	visit
	opinion
	sales
	identity
)

// language holds everything that is said in one language, and the people who speak it.
// Phrases may hold the placeholders {name}, {amount}, {date}, {order}, {product} and {city}.
type language struct {
	code      string
	number    int // place in languages()
	weight    int
	dial      string
	channelID string
	price     string // format of an amount
	names     []string
	cities    []city
	streets   []string
	products  []string

	footer     string
	optOut     string
	inbound    []string // the user speaks first
	greetings  []string // the robot's answer to that
	reminder   string
	acks       []string
	farewells  []string
	thanks     []string // the user's
	askPhoto   []string
	askPlace   []string
	askContact []string
	handouts   []string // said with a file, an image or a video
	askTime    string
	days       []string
	choose     string // label that opens a list
	askHelp    string
	menu       []section
	handOver   string
	agent      []string
	toAgent    []string
	agentEnd   string

	subjects map[subject]script
}

type city struct {
	name     string
	lat, lon float64
}

type section struct {
	title string
	rows  []row
}

type row struct {
	title, description string
}

// script is what is said about one subject. There is one opening for each of its two campaigns.
type script struct {
	openings [2]string
	buttons  []string
	talk     []exchange
	choices  []exchange // the answers are the buttons
}

type exchange struct {
	ask     string
	answers []string
}

func languages() []language {
	return []language{
		indonesian(), english(), chinese(), spanish(), portuguese(), arabic(), hindi(), thai(),
	}
}

func english() language {
	return language{
		code: "en", weight: 24, dial: "+659", channelID: "6531290188", price: "$%d.50",
		names: []string{"Tom Baker", "Grace O'Neill", "Wei Ling", "Priya Nair", "Daniel Kim", "Olivia Smith",
			"Ahmad Faiz", "Chloe Tan", "Marcus Lee", "Hannah Cole"},
		cities: []city{{"Singapore", 1.3521, 103.8198}, {"Kuala Lumpur", 3.139, 101.6869},
			{"Manila", 14.5995, 120.9842}, {"London", 51.5072, -0.1276}},
		streets: []string{"12 Orchard Road", "88 Market Street, Unit 04-12", "5 Rose Lane", "221B Baker Street"},
		products: []string{"Aurora Phone 5", "Comfort Plus sofa", "CleanAir purifier", "Family data plan 60 GB",
			"Travel Gold card"},

		footer: "Reply STOP to opt out",
		optOut: "Stop messages",
		inbound: []string{"Hi, is anyone there?", "Hello, I have a question about {order}",
			"I got a missed call from this number", "What is this about?"},
		greetings: []string{"Hello {name}! I am Ava, your virtual assistant.",
			"Hi {name}, thanks for your message. Let me help you."},
		reminder: "Hi {name}, just a reminder: we are still waiting for your answer.",
		acks: []string{"Thank you, noted.", "Got it!", "Perfect, I have updated that for you.",
			"Okay, one moment please…", "Understood 👍"},
		farewells: []string{"Thank you {name}, have a great day!", "That is all from me. Goodbye!",
			"Thanks for your time. Talk to you soon 👋"},
		thanks:     []string{"Thanks", "ok thanks!", "Great, thank you so much", "👍", "bye"},
		askPhoto:   []string{"Could you send us a photo, please?", "Please upload the document or a short recording."},
		askPlace:   []string{"Please share your location so that we can find you.", "Where should we come to?"},
		askContact: []string{"Is there somebody else whom we may contact?", "Who should receive it if you are away?"},
		handouts: []string{"Here is everything at a glance:", "I have attached the details for {product}.",
			"Please have a look at this:"},
		askTime: "Which time suits you best?",
		days:    []string{"Monday", "Tuesday", "Wednesday"},
		choose:  "See options",
		askHelp: "What can we help you with?",
		menu: []section{
			{"Orders", []row{{title: "Where is my order?", description: "Track {order}"}, {title: "Return an item"},
				{title: "Something else", description: "About orders"}}},
			{"Account", []row{{title: "Change my number"}, {title: "My balance", description: "And the last payments"},
				{title: "Something else", description: "About the account"}}},
		},
		handOver: "I will connect you with a colleague, one moment please.",
		agent: []string{"Hi {name}, this is Joan from customer care. How can I help?", "Let me check that for you.",
			"I can see {order} in the system now.", "Could you confirm the date, {date}?",
			"I have sent the request to our {city} team.", "Sorry for the wait!"},
		toAgent: []string{"I would rather talk to a person", "It still does not work", "Yes, that is right",
			"How long will it take?", "I already paid {amount} last week", "No problem"},
		agentEnd: "All done. Is there anything else? If not, I will close the chat.",

		subjects: map[subject]script{
			money: {
				openings: [2]string{"Dear {name}, your payment of {amount} is due on {date}. Can you pay on time?",
					"Hi {name}, your installment of {amount} for {product} has been overdue since {date}."},
				buttons: []string{"Pay now", "Already paid"},
				talk: []exchange{
					{"When will you be able to pay {amount}?", []string{"On {date}", "Next week after payday",
						"I can't pay everything at once", "Tomorrow morning"}},
					{"What is the reason for the delay?", []string{"I was in hospital", "Salary is late this month",
						"I forgot, sorry", "I never ordered that!"}},
				},
				choices: []exchange{{"How would you like to pay?", []string{"Bank transfer", "Credit card",
					"At a store"}}, {"Shall we remind you one day before?", []string{"Yes", "No"}}},
			},
			delivery: {
				openings: [2]string{"Good news {name}! Your order {order} arrives on {date}.",
					"Hi {name}, we will pick up the return {order} in {city} on {date}."},
				buttons: []string{"I'll be home", "Change the date"},
				talk: []exchange{
					{"Where may the courier leave the parcel?",
						[]string{"With the neighbour", "At the front desk", "Please call me first"}},
					{"How many parcels do you expect?", []string{"Just one", "2", "Two or three, I'm not sure"}},
				},
				choices: []exchange{{"Is the address in {city} still right?", []string{"Yes", "No, it changed"}},
					{"Who will receive it?", []string{"Myself", "Family", "Reception"}}},
			},
			visit: {
				openings: [2]string{"Hi {name}, your appointment in {city} is on {date}. Please confirm.",
					"Hi {name}, we will hold a party from {date}, welcome to join us!"},
				buttons: []string{"Confirm", "Another day"},
				talk: []exchange{
					{"Will somebody come with you?", []string{"My wife", "No, just me", "2 kids"}},
					{"Is there anything we should know before your visit?", []string{"I use a wheelchair",
						"Vegetarian please", "No, nothing", "I may be 10 minutes late"}},
				},
				choices: []exchange{{"How will you get here?", []string{"By car", "By train", "On foot"}},
					{"Shall we send you a calendar entry?", []string{"Yes", "No"}}},
			},
			opinion: {
				openings: [2]string{"Hi {name}, how satisfied are you with our service? It takes one minute.",
					"Hi {name}, you bought {product} not long ago. Would you recommend it?"},
				buttons: []string{"Start", "Not now"},
				talk: []exchange{
					{"What did you like most?",
						[]string{"The staff were friendly", "Fast delivery", "Nothing special", "The price"}},
					{"What should we do better?", []string{"Answer the phone faster", "100% happy, change nothing",
						"Cheaper shipping to {city}"}},
				},
				choices: []exchange{{"How would you rate us?", []string{"Excellent", "Fair", "Poor"}},
					{"Would you recommend us to a friend?", []string{"Yes", "Maybe", "No"}}},
			},
			sales: {
				openings: [2]string{"{name}, the new {product} is here! Yours from {amount}, until {date} only.",
					"Dear {name}, you are pre-approved for a loan of up to {amount}."},
				buttons: []string{"Tell me more", "Not interested"},
				talk: []exchange{
					{"What would you like to know about {product}?",
						[]string{"How much is it per month?", "Which colours are there?", "Is there a warranty?"}},
					{"May one of our advisers call you?",
						[]string{"Yes, after 6 pm", "No, only messages please", "Call me tomorrow"}},
				},
				choices: []exchange{{"Which offer do you like better?", []string{"Basic", "Plus", "Premium"}},
					{"Would you like to book a demo?", []string{"Yes, please", "Later"}}},
			},
			identity: {
				openings: [2]string{"Dear {name}, please verify your identity by {date} to keep using your account.",
					"Hi {name}, we miss you! Reactivate your account before {date}."},
				buttons: []string{"Verify", "Later"},
				talk: []exchange{
					{"In which city were you born?",
						[]string{"{city}", "In a village near {city}", "Why do you ask?"}},
					{"Please type your full name as on your ID.",
						[]string{"{name}", "It is the same as in my account"}},
				},
				choices: []exchange{{"Which document do you have at hand?", []string{"Passport", "ID card",
					"Driving licence"}}, {"Is this still your number?", []string{"Yes", "No"}}},
			},
		},
	}
}
