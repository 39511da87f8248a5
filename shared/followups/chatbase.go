package followups

// LeadForward asks for a lead to be forwarded. Its data is the body of leads.submit
// as sent: what is made of it could be too long for a queue that the body did fit.
const LeadForward = "lead.forward"

var chatbaseTypes = []string{LeadForward}
