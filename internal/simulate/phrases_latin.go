package simulate

func indonesian() language {
	return language{
		code: "id", weight: 34, dial: "+62812", channelID: "628975559070", price: "Rp %d.000",
		names:    []string{"Budi Santoso", "Siti Aminah", "Agus Wijaya", "Dewi Lestari", "Rizky Pratama", "Putri Ayu", "Joko Susilo", "Rina Marlina", "Andi Saputra", "Nur Hidayah"},
		cities:   []city{{"Jakarta", -6.2088, 106.8456}, {"Surabaya", -7.2575, 112.7521}, {"Bandung", -6.9175, 107.6191}, {"Medan", 3.5952, 98.6722}},
		streets:  []string{"Jl. Sudirman No. 25", "Jl. Melati III/7, RT 02 RW 05", "Jl. Gatot Subroto Kav. 18", "Perumahan Griya Asri Blok C-9"},
		products: []string{"Ponsel Aurora 5", "Sofa Nyaman", "Pembersih udara CleanAir", "Paket data keluarga 60 GB", "Kartu Gold"},

		footer:     "Balas STOP untuk berhenti berlangganan",
		optOut:     "Berhenti",
		inbound:    []string{"Halo kak, mau tanya", "Selamat pagi, pesanan {order} sampai mana ya?", "Ini siapa ya?", "Tadi ada telepon dari nomor ini"},
		greetings:  []string{"Halo {name}! Saya Rara, asisten virtual Anda.", "Hai Kak {name}, terima kasih sudah menghubungi kami."},
		reminder:   "Halo {name}, kami masih menunggu jawaban Anda ya.",
		acks:       []string{"Baik, sudah kami catat.", "Siap kak 🙏", "Terima kasih, datanya sudah diperbarui.", "Mohon tunggu sebentar…", "Oke 👍"},
		farewells:  []string{"Terima kasih {name}, semoga harimu menyenangkan!", "Sekian dari kami. Sampai jumpa!", "Terima kasih atas waktunya 🙏"},
		thanks:     []string{"Makasih", "oke makasih kak", "Baik, terima kasih banyak", "🙏🙏", "sip"},
		askPhoto:   []string{"Boleh kirim fotonya, kak?", "Silakan unggah dokumen atau rekaman singkat."},
		askPlace:   []string{"Mohon bagikan lokasi Anda.", "Kami harus datang ke mana?"},
		askContact: []string{"Adakah orang lain yang bisa kami hubungi?", "Siapa yang menerima jika Anda tidak di rumah?"},
		handouts:   []string{"Berikut rinciannya:", "Kami lampirkan info tentang {product}.", "Silakan dilihat dulu ya:"},
		askTime:    "Jam berapa yang paling cocok?",
		days:       []string{"Senin", "Selasa", "Rabu"},
		choose:     "Lihat pilihan",
		askHelp:    "Ada yang bisa kami bantu?",
		menu: []section{
			{"Pesanan", []row{{title: "Lacak pesanan", description: "Nomor {order}"}, {title: "Retur barang"}, {title: "Lainnya", description: "Tentang pesanan"}}},
			{"Akun", []row{{title: "Ganti nomor"}, {title: "Cek saldo", description: "Dan pembayaran terakhir"}, {title: "Lainnya", description: "Tentang akun"}}},
		},
		handOver: "Kami sambungkan dengan petugas kami, mohon tunggu.",
		agent:    []string{"Halo {name}, dengan Sari dari layanan pelanggan. Ada yang bisa dibantu?", "Saya cek dulu ya, kak.", "Pesanan {order} sudah terlihat di sistem.", "Boleh konfirmasi tanggalnya, {date}?", "Sudah saya teruskan ke tim {city}.", "Maaf sudah menunggu 🙏"},
		toAgent:  []string{"Saya mau bicara dengan orang", "Masih belum bisa", "Iya betul", "Berapa lama prosesnya?", "Saya sudah bayar {amount} minggu lalu", "Tidak apa-apa"},
		agentEnd: "Sudah selesai ya kak. Kalau tidak ada lagi, obrolan saya tutup.",

		subjects: map[subject]script{
			money: {
				openings: [2]string{"Yth. {name}, tagihan Anda sebesar {amount} jatuh tempo pada {date}.", "Halo {name}, cicilan {product} sebesar {amount} sudah lewat jatuh tempo sejak {date}."},
				buttons:  []string{"Bayar sekarang", "Sudah bayar"},
				talk: []exchange{
					{"Kapan Anda bisa membayar {amount}?", []string{"Tanggal {date}", "Minggu depan habis gajian", "Belum bisa semua, boleh dicicil?", "Besok pagi kak"}},
					{"Apa alasan keterlambatannya?", []string{"Lagi sakit", "Gaji belum turun", "Lupa, maaf ya", "Saya tidak pernah pesan!"}},
				},
				choices: []exchange{{"Mau bayar lewat apa?", []string{"Transfer bank", "Kartu kredit", "Minimarket"}}, {"Mau kami ingatkan sehari sebelumnya?", []string{"Ya", "Tidak"}}},
			},
			delivery: {
				openings: [2]string{"Kabar baik {name}! Pesanan {order} tiba tanggal {date}.", "Halo {name}, retur {order} akan kami jemput di {city} pada {date}."},
				buttons:  []string{"Saya di rumah", "Ganti tanggal"},
				talk: []exchange{
					{"Paketnya boleh dititipkan di mana?", []string{"Di tetangga sebelah", "Pos satpam saja", "Telepon dulu ya"}},
					{"Berapa paket yang Anda tunggu?", []string{"Satu saja", "2", "Dua atau tiga, lupa"}},
				},
				choices: []exchange{{"Apakah alamat di {city} masih benar?", []string{"Ya", "Tidak, sudah pindah"}}, {"Siapa yang menerima?", []string{"Saya sendiri", "Keluarga", "Satpam"}}},
			},
			visit: {
				openings: [2]string{"Halo {name}, janji temu Anda di {city} tanggal {date}. Mohon konfirmasi.", "Halo {name}, kami mengadakan pesta mulai {date}. Yuk datang!"},
				buttons:  []string{"Konfirmasi", "Hari lain"},
				talk: []exchange{
					{"Datang dengan siapa?", []string{"Sama istri", "Sendiri saja", "2 anak"}},
					{"Ada yang perlu kami ketahui sebelumnya?", []string{"Saya pakai kursi roda", "Tidak ada", "Mungkin telat 10 menit"}},
				},
				choices: []exchange{{"Naik apa ke sini?", []string{"Mobil", "Motor", "Kereta"}}, {"Mau kami kirim pengingat?", []string{"Ya", "Tidak"}}},
			},
			opinion: {
				openings: [2]string{"Halo {name}, seberapa puas Anda dengan layanan kami? Cuma satu menit.", "Halo {name}, Anda baru membeli {product}. Apakah Anda merekomendasikannya?"},
				buttons:  []string{"Mulai", "Nanti saja"},
				talk: []exchange{
					{"Apa yang paling Anda suka?", []string{"Stafnya ramah", "Kirimnya cepat", "Biasa saja", "Harganya"}},
					{"Apa yang perlu kami perbaiki?", []string{"Jawab telepon lebih cepat", "100% puas", "Ongkir ke {city} kemahalan"}},
				},
				choices: []exchange{{"Nilai layanan kami?", []string{"Bagus sekali", "Cukup", "Kurang"}}, {"Akan merekomendasikan ke teman?", []string{"Ya", "Mungkin", "Tidak"}}},
			},
			sales: {
				openings: [2]string{"{name}, {product} terbaru sudah hadir! Mulai {amount}, hanya sampai {date}.", "Yth. {name}, Anda berhak atas pinjaman hingga {amount}."},
				buttons:  []string{"Info lengkap", "Tidak tertarik"},
				talk: []exchange{
					{"Apa yang ingin Anda ketahui tentang {product}?", []string{"Cicilannya berapa per bulan?", "Warnanya apa saja?", "Ada garansi?"}},
					{"Boleh kami telepon?", []string{"Boleh, setelah jam 6", "Chat saja", "Besok ya"}},
				},
				choices: []exchange{{"Pilih paket yang mana?", []string{"Basic", "Plus", "Premium"}}, {"Mau coba demo?", []string{"Mau", "Nanti"}}},
			},
			identity: {
				openings: [2]string{"Yth. {name}, mohon verifikasi identitas Anda sebelum {date}.", "Halo {name}, kami rindu! Aktifkan kembali akun Anda sebelum {date}."},
				buttons:  []string{"Verifikasi", "Nanti"},
				talk: []exchange{
					{"Anda lahir di kota mana?", []string{"{city}", "Dekat {city}", "Kenapa tanya?"}},
					{"Tulis nama lengkap sesuai KTP.", []string{"{name}", "Sama seperti di akun"}},
				},
				choices: []exchange{{"Dokumen apa yang ada?", []string{"KTP", "SIM", "Paspor"}}, {"Apakah ini masih nomor Anda?", []string{"Ya", "Tidak"}}},
			},
		},
	}
}

func spanish() language {
	return language{
		code: "es", weight: 9, dial: "+521555", channelID: "525588340021", price: "$%d MXN",
		names:    []string{"José Hernández", "María López", "Íñigo Muñoz", "Guadalupe Ramírez", "Luis Ángel Pérez", "Sofía Núñez"},
		cities:   []city{{"Ciudad de México", 19.4326, -99.1332}, {"Bogotá", 4.711, -74.0721}, {"Lima", -12.0464, -77.0428}},
		streets:  []string{"Av. Insurgentes Sur 1602", "Calle 5 de Mayo #14", "Cra. 7 # 71-21"},
		products: []string{"Teléfono Aurora 5", "Sofá Confort", "Plan familiar 60 GB"},

		footer:     "Responde BAJA para no recibir más mensajes",
		optOut:     "Darme de baja",
		inbound:    []string{"Hola, ¿hay alguien?", "Buenas, ¿dónde está mi pedido {order}?", "¿De qué se trata?"},
		greetings:  []string{"¡Hola {name}! Soy Eva, tu asistente virtual.", "Hola {name}, gracias por escribirnos."},
		reminder:   "Hola {name}, seguimos esperando tu respuesta.",
		acks:       []string{"Gracias, anotado.", "¡Listo!", "Perfecto, ya lo actualicé.", "Un momento, por favor…"},
		farewells:  []string{"Gracias {name}, ¡que tengas un buen día!", "Eso es todo. ¡Hasta pronto!"},
		thanks:     []string{"Gracias", "ok gracias", "Muchas gracias, muy amable", "👍"},
		askPhoto:   []string{"¿Nos envías una foto, por favor?"},
		askPlace:   []string{"Comparte tu ubicación, por favor."},
		askContact: []string{"¿A quién más podemos contactar?"},
		handouts:   []string{"Aquí tienes todo el detalle:", "Te comparto la información de {product}."},
		askTime:    "¿Qué horario prefieres?",
		days:       []string{"Lunes", "Martes", "Miércoles"},
		choose:     "Ver opciones",
		askHelp:    "¿En qué podemos ayudarte?",
		menu: []section{
			{"Pedidos", []row{{title: "¿Dónde está mi pedido?", description: "Pedido {order}"}, {title: "Otro", description: "Sobre pedidos"}}},
			{"Cuenta", []row{{title: "Mi saldo"}, {title: "Otro", description: "Sobre la cuenta"}}},
		},
		handOver: "Te comunico con un asesor, un momento.",
		agent:    []string{"Hola {name}, soy Carmen de atención a clientes.", "Déjame revisar, por favor.", "Ya veo el pedido {order}.", "¿Me confirmas la fecha, {date}?"},
		toAgent:  []string{"Quiero hablar con una persona", "Sigue sin funcionar", "Sí, correcto", "¿Cuánto tarda?", "Ya pagué {amount}"},
		agentEnd: "Listo, quedó resuelto. ¡Buen día!",

		subjects: map[subject]script{
			money: {
				openings: [2]string{"Estimado/a {name}, su pago de {amount} vence el {date}.", "Hola {name}, tu mensualidad de {amount} por {product} está vencida desde el {date}."},
				buttons:  []string{"Pagar ahora", "Ya pagué"},
				talk:     []exchange{{"¿Cuándo podrá pagar {amount}?", []string{"El {date}", "La próxima quincena", "Mañana"}}, {"¿Cuál es el motivo del retraso?", []string{"Estuve enfermo", "Se me olvidó", "No reconozco ese cargo"}}},
				choices:  []exchange{{"¿Cómo desea pagar?", []string{"Transferencia", "Tarjeta", "En tienda"}}, {"¿Te lo recordamos un día antes?", []string{"Sí", "No"}}},
			},
			delivery: {
				openings: [2]string{"¡Buenas noticias, {name}! Tu pedido {order} llega el {date}.", "Hola {name}, pasaremos por tu devolución {order} en {city} el {date}."},
				buttons:  []string{"Estaré en casa", "Cambiar fecha"},
				talk:     []exchange{{"¿Dónde podemos dejar el paquete?", []string{"Con el vecino", "En recepción", "Llámenme antes"}}},
				choices:  []exchange{{"¿La dirección en {city} sigue igual?", []string{"Sí", "No, cambió"}}},
			},
			opinion: {
				openings: [2]string{"Hola {name}, ¿qué tan satisfecho estás con nuestro servicio?", "Hola {name}, hace poco compraste {product}. ¿Lo recomendarías?"},
				buttons:  []string{"Empezar", "Ahora no"},
				talk:     []exchange{{"¿Qué fue lo que más te gustó?", []string{"El trato", "La rapidez", "Nada en especial"}}, {"¿Qué debemos mejorar?", []string{"El envío a {city}", "Contesten más rápido"}}},
				choices:  []exchange{{"¿Cómo nos calificas?", []string{"Excelente", "Regular", "Malo"}}},
			},
			sales: {
				openings: [2]string{"{name}, ¡ya llegó {product}! Desde {amount}, solo hasta el {date}.", "{name}, tienes un préstamo preaprobado de hasta {amount}."},
				buttons:  []string{"Quiero saber más", "No me interesa"},
				talk:     []exchange{{"¿Qué te gustaría saber de {product}?", []string{"¿Cuánto sale al mes?", "¿Tiene garantía?"}}, {"¿Te puede llamar un asesor?", []string{"Sí, después de las 6", "No, solo mensajes"}}},
				choices:  []exchange{{"¿Cuál te gusta más?", []string{"Básico", "Plus", "Premium"}}},
			},
		},
	}
}

func portuguese() language {
	return language{
		code: "pt_BR", weight: 7, dial: "+551199", channelID: "525588340021", price: "R$ %d,90",
		names:    []string{"João da Silva", "Ana Conceição", "Antônio Araújo", "Letícia Magalhães", "Paulo Brandão"},
		cities:   []city{{"São Paulo", -23.5558, -46.6396}, {"Rio de Janeiro", -22.9068, -43.1729}, {"Brasília", -15.7939, -47.8828}},
		streets:  []string{"Av. Paulista, 1578", "Rua das Flores, 33 – apto 12", "Travessa São João, 9"},
		products: []string{"Celular Aurora 5", "Sofá Conforto", "Plano família 60 GB"},

		footer:     "Responda SAIR para não receber mensagens",
		optOut:     "Sair da lista",
		inbound:    []string{"Oi, tem alguém aí?", "Bom dia, cadê o pedido {order}?"},
		greetings:  []string{"Olá {name}! Eu sou a Bia, sua assistente virtual.", "Oi {name}, obrigado pelo contato."},
		reminder:   "Oi {name}, ainda estamos aguardando a sua resposta.",
		acks:       []string{"Obrigada, anotado.", "Certo!", "Pronto, já atualizei.", "Só um instante…"},
		farewells:  []string{"Obrigada {name}, tenha um ótimo dia!", "Por hoje é só. Até mais!"},
		thanks:     []string{"Obrigado", "valeu", "Muito obrigada!", "blz 👍"},
		askPhoto:   []string{"Pode enviar uma foto, por favor?"},
		askPlace:   []string{"Compartilhe a sua localização, por favor."},
		askContact: []string{"Quem mais podemos contatar?"},
		handouts:   []string{"Aqui estão os detalhes:", "Segue a informação sobre {product}."},
		askTime:    "Qual horário você prefere?",
		days:       []string{"Segunda-feira", "Terça-feira", "Quarta-feira"},
		choose:     "Ver opções",
		askHelp:    "Como podemos ajudar?",
		menu: []section{
			{"Pedidos", []row{{title: "Rastrear pedido", description: "Pedido {order}"}, {title: "Outro assunto", description: "Sobre pedidos"}}},
			{"Conta", []row{{title: "Meu saldo"}, {title: "Outro assunto", description: "Sobre a conta"}}},
		},
		handOver: "Vou transferir você para um atendente.",
		agent:    []string{"Oi {name}, aqui é o Rafael do atendimento.", "Deixa eu verificar.", "Já encontrei o pedido {order}.", "Confirma a data, {date}?"},
		toAgent:  []string{"Quero falar com um atendente", "Continua não funcionando", "Isso mesmo", "Quanto tempo demora?", "Já paguei {amount}"},
		agentEnd: "Tudo certo, vou encerrar o atendimento.",

		subjects: map[subject]script{
			money: {
				openings: [2]string{"Olá {name}, sua fatura de {amount} vence em {date}.", "Olá {name}, a parcela de {amount} de {product} está em atraso desde {date}."},
				buttons:  []string{"Pagar agora", "Já paguei"},
				talk:     []exchange{{"Quando você consegue pagar {amount}?", []string{"Dia {date}", "Semana que vem", "Amanhã"}}, {"Qual o motivo do atraso?", []string{"Esqueci", "Fiquei sem salário", "Não reconheço essa cobrança"}}},
				choices:  []exchange{{"Como prefere pagar?", []string{"Pix", "Cartão", "Boleto"}}},
			},
			delivery: {
				openings: [2]string{"Boa notícia, {name}! O pedido {order} chega em {date}.", "Oi {name}, vamos buscar a devolução {order} em {city} no dia {date}."},
				buttons:  []string{"Estarei em casa", "Mudar a data"},
				talk:     []exchange{{"Onde podemos deixar o pacote?", []string{"Com o vizinho", "Na portaria", "Me liga antes"}}},
				choices:  []exchange{{"O endereço em {city} continua o mesmo?", []string{"Sim", "Não"}}},
			},
			sales: {
				openings: [2]string{"{name}, chegou o novo {product}! A partir de {amount}, só até {date}.", "{name}, você tem um empréstimo pré-aprovado de até {amount}."},
				buttons:  []string{"Quero saber mais", "Não tenho interesse"},
				talk:     []exchange{{"O que você quer saber sobre {product}?", []string{"Quanto fica por mês?", "Tem garantia?"}}},
				choices:  []exchange{{"Qual você prefere?", []string{"Básico", "Plus", "Premium"}}},
			},
		},
	}
}
