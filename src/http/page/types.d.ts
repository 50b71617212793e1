// The shapes of the JSON API that the page uses, as /openapi.json describes them. Only the type check reads this.

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: { pointer: string; detail: string }[];
}

export type Decision = 'answer' | 'clarify' | 'no_answer';

export interface MarkedText {
  text: string;
  spans: { chars: [number, number] }[];
}

export interface Part {
  name: string;
  value: number;
  weight: number;
  contribution: number;
}

export interface Source {
  file: string;
  heading?: string;
  number?: number;
  line?: number;
}

export interface Match {
  id: string;
  question: string;
  matched_phrasing: string;
  answer: { markdown: string; html?: string; images: { src: string; alt: string }[] };
  category: string[];
  source: Source | null;
  updated_at: string | null;
  confidence: number;
  scores: Record<string, number>;
  explanation?: {
    score: number;
    exact: boolean;
    features: Part[];
    contrasts: string[];
    query: MarkedText;
    phrasing: MarkedText;
  };
}

export interface Thresholds {
  answer: number;
  clarify: number;
}

export interface Contender {
  id: string;
  question: string;
  confidence: number;
  score: number;
}

export interface Verdict {
  query_id: string;
  decision: Decision;
  matches: Match[];
  index_version: number;
  model: string;
  took_ms: number;
  explanation?: {
    reason: string;
    sentence: string;
    thresholds: Thresholds;
    best: Contender | null;
    runner_up: Contender | null;
    confidence?: { bias: number; parts: Part[]; logit: number; probability: number };
    kept_out: string[];
  };
}

export interface Feedback {
  query_id: string;
  entry_id?: string;
  verdict: 'helpful' | 'wrong' | 'none_of_these';
  chosen?: string;
  comment?: string;
}

export interface Welcome {
  popular: { id: string; question: string }[];
  handover: string;
  entries: number;
}
